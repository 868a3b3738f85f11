/**
 * The pickles that `torch.save(state_dict)` writes, interpreted without executing anything: a stack machine that knows
 * the opcodes of dictionaries, lists, numbers, strings and tensors, and the few names (storages, `_rebuild_tensor_v2`,
 * `OrderedDict`) that such a file holds. Every other opcode or name is refused by its own name.
 *
 * Source: CPython `Lib/pickletools.py` (opcodes, protocols 2 to 5).
 */
import {
  call,
  hasType,
  type Name,
  nameOf,
  persistent,
  type Pickled,
  refuse,
  Refused,
  type Value
} from "./pickled-values.ts"

/** Names of opcodes that a person may want to see refused by name. */
const opcodeNames: Readonly<Record<number, string>> = {
  0x69: "INST",
  0x6f: "OBJ",
  0x81: "NEWOBJ",
  0x92: "NEWOBJ_EX",
  0x82: "EXT1",
  0x83: "EXT2",
  0x84: "EXT4",
  0x42: "BINBYTES",
  0x43: "SHORT_BINBYTES"
}

const run = (bytes: Uint8Array): { readonly value: Value; readonly end: number } => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const text = new TextDecoder("utf-8", { fatal: true })
  let stack: Array<Value> = []
  const marks: Array<Array<Value>> = []
  const memo = new Map<number, Value>()
  let at = 0
  const take = (n: number): number => {
    if (at + n > bytes.length) refuse("it ends in the middle of an opcode")
    at += n
    return at - n
  }
  const pop = (): Value => {
    if (stack.length === 0) refuse("its stack is empty")
    return stack.pop() as Value
  }
  /** What was pushed since the last mark. */
  const popMark = (): Array<Value> => {
    const items = stack
    const outer = marks.pop()
    if (outer === undefined) return refuse("it has no mark")
    stack = outer
    return items
  }
  const top = (): Value => (stack.length === 0 ? refuse("its stack is empty") : (stack.at(-1) as Value))
  const string = (length: number): string => {
    const start = take(length)
    return text.decode(bytes.subarray(start, start + length))
  }
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at)
    if (end < 0 || end - at > 1000) refuse("a name does not end")
    const result = text.decode(bytes.subarray(at, end))
    at = end + 1
    return result
  }
  const global = (module: string, name: string): Name =>
    nameOf(module, name) ?? refuse(`it names ${module}.${name}, which is no part of a state dict`)
  const setItems = (items: ReadonlyArray<Value>): void => {
    const dictionary = top()
    if (!(dictionary instanceof Map) || items.length % 2 !== 0) return refuse("it sets items of no dictionary")
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i]
      if (typeof key !== "string") return refuse("a dictionary has a key that is no string")
      dictionary.set(key, items[i + 1] as Value)
    }
  }
  const get = (index: number): Value =>
    memo.has(index) ? (memo.get(index) as Value) : refuse(`it recalls ${index}, which was never stored`)
  const long = (): number => {
    const length = view.getUint8(take(1))
    if (length > 8) return refuse("a number has more than 64 bits")
    const start = take(length)
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[start + i] as number)
    const signed = Number(length === 0 ? 0n : BigInt.asIntN(8 * length, value))
    return Number.isSafeInteger(signed) ? signed : refuse("a number is beyond 2^53")
  }

  for (;;) {
    const opcode = view.getUint8(take(1))
    switch (opcode) {
      case 0x80: // PROTO
        if (view.getUint8(take(1)) > 5) refuse("its protocol is newer than 5")
        break
      case 0x95: // FRAME
        take(8)
        break
      case 0x2e: // STOP
        return { value: pop(), end: at }
      case 0x28: // MARK
        if (marks.length >= 1000) refuse("it is nested too deeply")
        marks.push(stack)
        stack = []
        break
      case 0x7d: // EMPTY_DICT
        stack.push(new Map())
        break
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        stack.push([])
        break
      case 0x74: // TUPLE
      case 0x6c: {
        // LIST. popMark puts another stack in place, so it comes first.
        const items = popMark()
        stack.push(items)
        break
      }
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items: Array<Value> = []
        for (let n = opcode - 0x84; n > 0; n--) items.unshift(pop())
        stack.push(items)
        break
      }
      case 0x61: // APPEND
      case 0x65: {
        // APPENDS
        const items = opcode === 0x61 ? [pop()] : popMark()
        const list = top()
        if (!Array.isArray(list)) refuse("it appends to no list")
        for (const item of items) (list as Array<Value>).push(item)
        break
      }
      case 0x73: {
        // SETITEM
        const value = pop()
        setItems([pop(), value])
        break
      }
      case 0x75: // SETITEMS
        setItems(popMark())
        break
      case 0x4e: // NONE
        stack.push(null)
        break
      case 0x88: // NEWTRUE
        stack.push(true)
        break
      case 0x89: // NEWFALSE
        stack.push(false)
        break
      case 0x4a: // BININT
        stack.push(view.getInt32(take(4), true))
        break
      case 0x4b: // BININT1
        stack.push(view.getUint8(take(1)))
        break
      case 0x4d: // BININT2
        stack.push(view.getUint16(take(2), true))
        break
      case 0x8a: // LONG1
        stack.push(long())
        break
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8), false))
        break
      case 0x58: // BINUNICODE
        stack.push(string(view.getUint32(take(4), true)))
        break
      case 0x8c: // SHORT_BINUNICODE
        stack.push(string(view.getUint8(take(1))))
        break
      case 0x71: // BINPUT
        memo.set(view.getUint8(take(1)), top())
        break
      case 0x72: // LONG_BINPUT
        memo.set(view.getUint32(take(4), true), top())
        break
      case 0x94: // MEMOIZE
        memo.set(memo.size, top())
        break
      case 0x68: // BINGET
        stack.push(get(view.getUint8(take(1))))
        break
      case 0x6a: // LONG_BINGET
        stack.push(get(view.getUint32(take(4), true)))
        break
      case 0x63: {
        // GLOBAL
        const module = line()
        stack.push(global(module, line()))
        break
      }
      case 0x93: {
        // STACK_GLOBAL
        const name = pop()
        const module = pop()
        if (typeof name !== "string" || typeof module !== "string") refuse("a name is no string")
        stack.push(global(module as string, name as string))
        break
      }
      case 0x51: // BINPERSID
        stack.push(persistent(pop()))
        break
      case 0x52: {
        // REDUCE
        const given = pop()
        stack.push(call(pop(), given))
        break
      }
      case 0x62: {
        // BUILD: a state dict carries its `_metadata` (module versions) so; nothing of it is a weight.
        const state = pop()
        if (!(top() instanceof Map) || !(state instanceof Map)) refuse("it sets the state of something that has none")
        break
      }
      default:
        refuse(
          `it uses the opcode ${opcodeNames[opcode] ?? `0x${opcode.toString(16)}`}, which a state dict does not need`
        )
    }
  }
}

/** Depth of dictionaries and lists that is followed. */
const maxDepth = 16
/** Values in all: a list that holds itself, or the same list many times over, would be endless. */
const maxValues = 1_000_000

/** Only what may come out; names that were never called may not. */
const plain = (value: Value, depth: number, budget: { left: number }): Pickled => {
  if (depth > maxDepth || --budget.left < 0) return refuse("it is nested too deeply")
  if (Array.isArray(value)) return (value as Array<Value>).map((item) => plain(item, depth + 1, budget))
  if (value instanceof Map) {
    return new Map([...(value as Map<string, Value>)].map(([key, item]) => [key, plain(item, depth + 1, budget)]))
  }
  if (typeof value !== "object" || value === null || hasType(value, "tensor")) return value
  return refuse("it holds a name that is no value")
}

/** The value and where its pickle ends, or `{ refused }` with the reason. Never throws. */
export const decodeTorchPickle = (
  bytes: Uint8Array
): { readonly value: Pickled; readonly end: number } | { readonly refused: string } => {
  try {
    const { value, end } = run(bytes)
    return { value: plain(value, 0, { left: maxValues }), end }
  } catch (error) {
    if (error instanceof Refused) return { refused: error.message }
    // A fatal TextDecoder throws TypeError for what is not UTF-8.
    if (error instanceof TypeError) return { refused: "a string is not UTF-8" }
    throw error
  }
}
