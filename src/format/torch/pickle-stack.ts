/** What a pickle's opcodes work on: a stack of values that marks cut into parts, and values kept under numbers. */
import { refuse, type Value } from "./pickled-values.ts"

/** A state dict nests dictionaries and tuples a few deep. */
const MAX_MARKS = 1000

/** Each operation refuses what the stack does not have. */
export interface PickleStack {
  readonly push: (value: Value) => void
  readonly pop: () => Value
  /** The value that `pop` would give. */
  readonly top: () => Value
  /** Begins a part: what is pushed from here on is what `popMark` gives. */
  readonly mark: () => void
  readonly popMark: () => Array<Value>
  /** Keeps the top under a number. @param index @default how many are kept so far */
  readonly keep: (index?: number) => void
  readonly kept: (index: number) => Value
}

export const pickleStack = (): PickleStack => {
  let part: Array<Value> = []
  const outer: Array<Array<Value>> = []
  const memo = new Map<number, Value>()
  const top = (): Value => (part.length === 0 ? refuse("its stack is empty") : (part.at(-1) as Value))
  return {
    push: (value) => void part.push(value),
    pop: () => {
      const value = top()
      part.pop()
      return value
    },
    top,
    mark: () => {
      if (outer.length >= MAX_MARKS) refuse("it is nested too deeply")
      outer.push(part)
      part = []
    },
    popMark: () => {
      const items = part
      part = outer.pop() ?? refuse("it has no mark")
      return items
    },
    keep: (index = memo.size) => void memo.set(index, top()),
    kept: (index) =>
      memo.has(index) ? (memo.get(index) as Value) : refuse(`it recalls ${index}, which was never stored`)
  }
}
