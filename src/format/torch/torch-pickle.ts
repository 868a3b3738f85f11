/**
 * The pickles that `torch.save(state_dict)` writes, interpreted without executing anything: a stack machine that knows
 * the opcodes of dictionaries, lists, numbers, strings and tensors, and the few names (storages, `_rebuild_tensor_v2`,
 * `OrderedDict`) that such a file holds. Every other opcode or name is refused by its own name.
 *
 * Source: CPython `Lib/pickletools.py` (opcodes, protocols 2 to 5).
 */
import { pickleBytes, type PickleBytes } from "./pickle-bytes.ts"
import { pickleOpcodes } from "./pickle-opcodes.ts"
import { pickleStack, type PickleStack } from "./pickle-stack.ts"
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

type Operation = (stack: PickleStack, bytes: PickleBytes) => void

const NEWEST_PROTOCOL = 5

const global = (module: string, name: string): Name =>
  nameOf(module, name) ?? refuse(`it names ${module}.${name}, which is no part of a state dict`)

const setItems = (stack: PickleStack, items: ReadonlyArray<Value>): void => {
  const dictionary = stack.top()
  if (!(dictionary instanceof Map) || items.length % 2 !== 0) return refuse("it sets items of no dictionary")
  for (let i = 0; i < items.length; i += 2) {
    const key = items[i]
    if (typeof key !== "string") return refuse("a dictionary has a key that is no string")
    dictionary.set(key, items[i + 1] as Value)
  }
}

const append = (stack: PickleStack, items: ReadonlyArray<Value>): void => {
  const list = stack.top()
  if (!Array.isArray(list)) return refuse("it appends to no list")
  for (const item of items) (list as Array<Value>).push(item)
}

const tuple =
  (length: number): Operation =>
  (stack) => {
    const items: Array<Value> = []
    for (let n = length; n > 0; n--) items.unshift(stack.pop())
    stack.push(items)
  }

/** `BUILD` sets the state of an object. A state dict carries its `_metadata` (module versions) so; none of it is a weight. */
const build: Operation = (stack) => {
  const state = stack.pop()
  if (!(stack.top() instanceof Map) || !(state instanceof Map)) refuse("it sets the state of something that has none")
}

const stackGlobal: Operation = (stack) => {
  const name = stack.pop()
  const module = stack.pop()
  if (typeof name !== "string" || typeof module !== "string") return refuse("a name is no string")
  stack.push(global(module, name))
}

type OpcodeName = keyof typeof pickleOpcodes

/** `STOP` ends the machine; what has no operation here is refused. */
const operations: Readonly<Partial<Record<OpcodeName, Operation>>> = {
  PROTO: (_, bytes) =>
    void (bytes.uint8() > NEWEST_PROTOCOL && refuse(`its protocol is newer than ${NEWEST_PROTOCOL}`)),
  FRAME: (_, bytes) => bytes.skip(8),
  MARK: (stack) => stack.mark(),
  EMPTY_DICT: (stack) => stack.push(new Map()),
  EMPTY_LIST: (stack) => stack.push([]),
  EMPTY_TUPLE: (stack) => stack.push([]),
  TUPLE: (stack) => stack.push(stack.popMark()),
  LIST: (stack) => stack.push(stack.popMark()),
  TUPLE1: tuple(1),
  TUPLE2: tuple(2),
  TUPLE3: tuple(3),
  APPEND: (stack) => append(stack, [stack.pop()]),
  APPENDS: (stack) => append(stack, stack.popMark()),
  SETITEM: (stack) => {
    const value = stack.pop()
    setItems(stack, [stack.pop(), value])
  },
  SETITEMS: (stack) => setItems(stack, stack.popMark()),
  NONE: (stack) => stack.push(null),
  NEWTRUE: (stack) => stack.push(true),
  NEWFALSE: (stack) => stack.push(false),
  BININT: (stack, bytes) => stack.push(bytes.int32()),
  BININT1: (stack, bytes) => stack.push(bytes.uint8()),
  BININT2: (stack, bytes) => stack.push(bytes.uint16()),
  LONG1: (stack, bytes) => stack.push(bytes.long()),
  BINFLOAT: (stack, bytes) => stack.push(bytes.float64()),
  BINUNICODE: (stack, bytes) => stack.push(bytes.text(bytes.uint32())),
  SHORT_BINUNICODE: (stack, bytes) => stack.push(bytes.text(bytes.uint8())),
  BINPUT: (stack, bytes) => stack.keep(bytes.uint8()),
  LONG_BINPUT: (stack, bytes) => stack.keep(bytes.uint32()),
  MEMOIZE: (stack) => stack.keep(),
  BINGET: (stack, bytes) => stack.push(stack.kept(bytes.uint8())),
  LONG_BINGET: (stack, bytes) => stack.push(stack.kept(bytes.uint32())),
  GLOBAL: (stack, bytes) => {
    const module = bytes.line()
    stack.push(global(module, bytes.line()))
  },
  STACK_GLOBAL: stackGlobal,
  BINPERSID: (stack) => stack.push(persistent(stack.pop())),
  REDUCE: (stack) => {
    const given = stack.pop()
    stack.push(call(stack.pop(), given))
  },
  BUILD: build
}

const nameOfOpcode = new Map(Object.entries(pickleOpcodes).map(([name, code]) => [code as number, name as OpcodeName]))

const run = (given: Uint8Array): { readonly value: Value; readonly end: number } => {
  const bytes = pickleBytes(given)
  const stack = pickleStack()
  for (;;) {
    const opcode = bytes.uint8()
    if (opcode === pickleOpcodes.STOP) return { value: stack.pop(), end: bytes.position() }
    const name = nameOfOpcode.get(opcode)
    const operation = name && operations[name]
    if (operation === undefined) {
      return refuse(`it uses the opcode ${name ?? `0x${opcode.toString(16)}`}, which a state dict does not need`)
    }
    operation(stack, bytes)
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
