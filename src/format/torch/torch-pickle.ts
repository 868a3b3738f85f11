/**
 * The pickles that `torch.save(state_dict)` writes, interpreted without executing anything: a stack machine that knows
 * the opcodes of dictionaries, lists, numbers, strings and tensors, and the few names (storages, `_rebuild_tensor_v2`,
 * `OrderedDict`) that such a file holds. Every other opcode or name is refused by its own name.
 *
 * Source: CPython `Lib/pickletools.py` (opcodes, protocols 2 to 5), PyTorch `torch/_utils.py`, `torch/serialization.py`.
 */

/** What a tensor is made of; the bytes are in the archive's entry `data/<key>`. */
export interface PickledTensor {
  readonly type: "tensor"
  readonly storage: PickledStorage
  readonly shape: ReadonlyArray<number>
  readonly stride: ReadonlyArray<number>
  /** Elements from the start of the storage. */
  readonly offset: number
}

export type StorageDtype = "F64" | "F32" | "F16" | "BF16" | "I64" | "I32" | "I16" | "I8" | "U8" | "BOOL"

export interface PickledStorage {
  readonly type: "storage"
  readonly dtype: StorageDtype
  readonly key: string
  /** Elements. */
  readonly size: number
}

export type Pickled =
  | null
  | boolean
  | number
  | string
  | PickledTensor
  | ReadonlyArray<Pickled>
  | ReadonlyMap<string, Pickled>

const storages: Readonly<Record<string, StorageDtype>> = {
  DoubleStorage: "F64",
  FloatStorage: "F32",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL"
}

/** Things on the stack that never come out. */
type Name =
  | { readonly type: "storage-class"; readonly dtype: StorageDtype }
  | { readonly type: "rebuild-tensor" }
  | { readonly type: "rebuild-parameter" }
  | { readonly type: "ordered-dict" }
type Value = Pickled | Name | PickledStorage | Array<Value> | Map<string, Value>

const nameOf = (module: string, name: string): Name | undefined => {
  if (module === "torch" && Object.hasOwn(storages, name)) {
    return { type: "storage-class", dtype: storages[name] as StorageDtype }
  }
  switch (`${module} ${name}`) {
    case "torch._utils _rebuild_tensor_v2":
      return { type: "rebuild-tensor" }
    case "torch._utils _rebuild_parameter":
      return { type: "rebuild-parameter" }
    case "collections OrderedDict":
      return { type: "ordered-dict" }
    default:
      return undefined
  }
}

class Refused extends Error {}

const refuse = (why: string): never => {
  throw new Refused(why)
}

const hasType = <T extends string>(value: Value | undefined, type: T): value is Extract<Value, { type: T }> =>
  typeof value === "object" && value !== null && "type" in value && value.type === type

const isSize = (value: Value | undefined): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const isSizes = (value: Value | undefined): value is Array<number> => Array.isArray(value) && value.every(isSize)

/** Numbers of a tensor that is larger than its storage: more than any SAE has, and not endless. */
const maxExpanded = 2 ** 31

const rebuildTensor = (given: ReadonlyArray<Value>): PickledTensor => {
  const [storage, offset, shape, stride] = given
  if (!hasType(storage, "storage") || !isSize(offset) || !isSizes(shape) || !isSizes(stride)) {
    return refuse("a tensor has wrong arguments")
  }
  if (shape.length !== stride.length || shape.length > 8) return refuse("a tensor's shape and strides do not fit")
  let last = offset
  let count = 1
  for (const [axis, n] of shape.entries()) {
    count *= n
    last += Math.max(0, n - 1) * (stride[axis] as number)
  }
  // `expand` repeats numbers by strides of zero; who reads the tensor checks its shape before its numbers are gathered.
  if (count > Math.max(storage.size, maxExpanded) || (count > 0 && last >= storage.size)) {
    return refuse(`a tensor [${shape.join(", ")}] is beyond its storage of ${storage.size} numbers`)
  }
  return { type: "tensor", storage, offset, shape: [...shape], stride: [...stride] }
}

const call = (callee: Value | undefined, given: Value | undefined): Value => {
  if (!Array.isArray(given)) return refuse("a call has no arguments")
  const values: ReadonlyArray<Value> = given
  if (hasType(callee, "ordered-dict")) {
    if (values.length !== 0) return refuse("an OrderedDict is made from arguments")
    return new Map()
  }
  if (hasType(callee, "rebuild-tensor")) return rebuildTensor(values)
  if (hasType(callee, "rebuild-parameter")) {
    const [tensor] = values
    return hasType(tensor, "tensor") ? tensor : refuse("a parameter is made from no tensor")
  }
  return refuse("it calls something that is not a tensor's constructor")
}

/** A persistent id names a storage: ("storage", class, key, device, size). */
const persistent = (id: Value | undefined): PickledStorage => {
  if (!Array.isArray(id)) return refuse("a persistent id is no storage")
  const [kind, storage, key, , size, view] = id as ReadonlyArray<Value>
  if (view !== undefined && view !== null) return refuse("a storage is a part of another")
  if (kind !== "storage" || !hasType(storage, "storage-class") || typeof key !== "string" || !isSize(size)) {
    return refuse("a persistent id is no storage")
  }
  return { type: "storage", dtype: storage.dtype, key, size }
}

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
