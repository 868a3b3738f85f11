/**
 * What a pickle of `torch.save` is made of: values, and the few names that stand for a storage, a tensor or a dictionary.
 *
 * Source: PyTorch `torch/_utils.py`, `torch/serialization.py`.
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
export type Name =
  | { readonly type: "storage-class"; readonly dtype: StorageDtype }
  | { readonly type: "rebuild-tensor" }
  | { readonly type: "rebuild-parameter" }
  | { readonly type: "ordered-dict" }
/** What may be on the stack. */
export type Value = Pickled | Name | PickledStorage | Array<Value> | Map<string, Value>

/** Undefined: no part of a state dict. */
export const nameOf = (module: string, name: string): Name | undefined => {
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

/** Why a pickle is not read. */
export class Refused extends Error {}

export const refuse = (why: string): never => {
  throw new Refused(why)
}

export const hasType = <T extends string>(value: Value | undefined, type: T): value is Extract<Value, { type: T }> =>
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

/** What the pickle makes by calling one of the names. */
export const call = (callee: Value | undefined, given: Value | undefined): Value => {
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
export const persistent = (id: Value | undefined): PickledStorage => {
  if (!Array.isArray(id)) return refuse("a persistent id is no storage")
  const [kind, storage, key, , size, view] = id as ReadonlyArray<Value>
  if (view !== undefined && view !== null) return refuse("a storage is a part of another")
  if (kind !== "storage" || !hasType(storage, "storage-class") || typeof key !== "string" || !isSize(size)) {
    return refuse("a persistent id is no storage")
  }
  return { type: "storage", dtype: storage.dtype, key, size }
}
