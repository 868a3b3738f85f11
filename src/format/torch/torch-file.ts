/**
 * PyTorch's files (`.pt`, `.pth`, `.bin`), as archives (`torch-archive.ts`) or in the layout before 1.6 (`torch-legacy.ts`). Nothing of
 * their pickles is executed (`torch-pickle.ts`).
 */
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { fromBfloat16, fromFloat16 } from "../half-float.ts"
import { openTorchArchive } from "./torch-archive.ts"
import { itemBytes } from "./torch-contents.ts"
import { isTorchLegacy, openTorchLegacy } from "./torch-legacy.ts"
import type { Pickled, PickledTensor, StorageDtype } from "./pickled-values.ts"
import { encodeZip } from "../zip.ts"

export interface TorchFile {
  readonly value: Pickled
  /** Row-major f32, from any float type (f64 rounded). Fails on integers. */
  readonly float32: (tensor: PickledTensor) => Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
  /** Row-major, from any integer type or bool. Fails on floats and beyond 2^53. */
  readonly integers: (tensor: PickledTensor) => Effect.Effect<ReadonlyArray<number>, ArtifactError>
}

export const isTensor = (value: Pickled | undefined): value is PickledTensor =>
  typeof value === "object" && value !== null && "type" in value && value.type === "tensor"

/** The storage's elements as f32, or undefined for integers. */
const floats = (bytes: Uint8Array<ArrayBuffer>, dtype: StorageDtype): Float32Array<ArrayBuffer> | undefined => {
  const count = bytes.length / itemBytes[dtype]
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes.buffer, bytes.byteOffset, count)
    case "F64":
      return Float32Array.from(new Float64Array(bytes.buffer, bytes.byteOffset, count))
    case "F16":
      return fromFloat16(new Uint16Array(bytes.buffer, bytes.byteOffset, count))
    case "BF16":
      return fromBfloat16(new Uint16Array(bytes.buffer, bytes.byteOffset, count))
    default:
      return undefined
  }
}

const wholes = (bytes: Uint8Array<ArrayBuffer>, dtype: StorageDtype): ArrayLike<number> | undefined => {
  const count = bytes.length / itemBytes[dtype]
  const { buffer, byteOffset } = bytes
  switch (dtype) {
    case "I64":
      return Array.from(new BigInt64Array(buffer, byteOffset, count), Number)
    case "I32":
      return new Int32Array(buffer, byteOffset, count)
    case "I16":
      return new Int16Array(buffer, byteOffset, count)
    case "I8":
      return new Int8Array(buffer, byteOffset, count)
    case "U8":
    case "BOOL":
      return bytes
    default:
      return undefined
  }
}

/** Positions of a tensor's elements in its storage, in row-major order of the tensor. */
const positions = ({ shape, stride, offset }: PickledTensor): Float64Array => {
  let result = Float64Array.of(offset)
  for (const [axis, n] of shape.entries()) {
    const next = new Float64Array(result.length * n)
    for (let i = 0; i < result.length; i++) {
      for (let j = 0; j < n; j++) next[i * n + j] = (result[i] as number) + j * (stride[axis] as number)
    }
    result = next
  }
  return result
}

const isRowMajor = ({ shape, stride }: PickledTensor): boolean => {
  let expected = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if ((shape[axis] as number) > 1 && stride[axis] !== expected) return false
    expected *= shape[axis] as number
  }
  return true
}

export const openTorchFile = Effect.fn("openTorchFile")(function* (file: VerifiedFile, path: string, digest = "") {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest, path, detail })
  const attempt = <A>(run: () => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: (error) => error as ArtifactError })
  const contents = (yield* isTorchLegacy(file))
    ? yield* openTorchLegacy(file, path, digest)
    : yield* openTorchArchive(file, path, digest)

  const gather = Effect.fnUntraced(function* <A extends ArrayLike<number>>(
    tensor: PickledTensor,
    elements: (bytes: Uint8Array<ArrayBuffer>, dtype: StorageDtype) => A | undefined,
    wanted: string
  ) {
    const { storage, shape, offset } = tensor
    const found = contents.storage(storage)
    if (found?.size !== storage.size * itemBytes[storage.dtype]) {
      const bytes = `${found?.size ?? "no"} bytes`
      return yield* fail(`storage ${storage.key} has ${bytes} for ${storage.size} numbers of ${storage.dtype}`)
    }
    const all = elements(yield* attempt(found.read), storage.dtype)
    if (all === undefined) return yield* fail(`a tensor is ${storage.dtype} where ${wanted} are expected`)
    const count = shape.reduce((product, n) => product * n, 1)
    return { all, count, offset }
  })
  const float32 = Effect.fnUntraced(function* (tensor: PickledTensor) {
    const { all, count, offset } = yield* gather(tensor, floats, "floats")
    if (isRowMajor(tensor)) return all.slice(offset, offset + count)
    const [rows, columns] = tensor.shape as [number, number]
    const [down, right] = tensor.stride as [number, number]
    const result = new Float32Array(count)
    if (tensor.shape.length === 2) {
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < columns; j++) result[i * columns + j] = all[offset + i * down + j * right] as number
      }
      return result
    }
    const at = positions(tensor)
    for (let i = 0; i < count; i++) result[i] = all[at[i] as number] as number
    return result
  })
  const integers = Effect.fnUntraced(function* (tensor: PickledTensor) {
    const { all } = yield* gather(tensor, wholes, "integers")
    const result = Array.from(positions(tensor), (at) => all[at] as number)
    return result.every(Number.isSafeInteger) ? result : yield* fail("an integer is beyond 2^53")
  })
  const result: TorchFile = { value: contents.value, float32, integers }
  return result
})

/** A tensor to be written: f32, or int32 / int64 from numbers. */
export interface TorchTensor {
  readonly dtype: "F32" | "I32" | "I64"
  readonly shape: ReadonlyArray<number>
  readonly values: ArrayLike<number>
}

const storageClass = { F32: "FloatStorage", I32: "IntStorage", I64: "LongStorage" } as const

const bytesOf = ({ dtype, values }: TorchTensor): Uint8Array => {
  const array =
    dtype === "F32"
      ? Float32Array.from(values)
      : dtype === "I32"
        ? Int32Array.from(values)
        : BigInt64Array.from(Array.from(values, BigInt))
  return new Uint8Array(array.buffer)
}

/** A pickle of protocol 2 as PyTorch writes it for a dict of tensors, and for the strings and numbers beside them. */
const encodePickle = (entries: ReadonlyArray<readonly [string, PickleEntry]>): Uint8Array => {
  const bytes: Array<number> = [0x80, 2]
  const storageKeys: Array<TorchTensor> = []
  const utf8 = (text: string) => new TextEncoder().encode(text)
  const unicode = (text: string): void => {
    const encoded = utf8(text)
    bytes.push(0x58, ...new Uint8Array(Uint32Array.of(encoded.length).buffer), ...encoded)
  }
  const integer = (n: number): void => {
    if (n >= 0 && n < 256) bytes.push(0x4b, n)
    else if (n >= 0 && n < 65536) bytes.push(0x4d, n & 255, n >> 8)
    else if (n >= -(2 ** 31) && n < 2 ** 31) bytes.push(0x4a, ...new Uint8Array(Int32Array.of(n).buffer))
    else bytes.push(0x8a, 8, ...new Uint8Array(BigInt64Array.of(BigInt(n)).buffer))
  }
  const global = (name: string): void => {
    bytes.push(0x63, ...utf8(name.replace(" ", "\n")), 0x0a)
  }
  const tuple = (items: ReadonlyArray<number>): void => {
    bytes.push(0x28)
    for (const item of items) integer(item)
    bytes.push(0x74)
  }
  const tensor = (value: TorchTensor): void => {
    const count = value.values.length
    const stride = value.shape.map((_, axis) => value.shape.slice(axis + 1).reduce((product, n) => product * n, 1))
    global("torch._utils _rebuild_tensor_v2")
    bytes.push(0x28, 0x28)
    unicode("storage")
    global(`torch ${storageClass[value.dtype]}`)
    unicode(String(storageKeys.push(value) - 1))
    unicode("cpu")
    integer(count)
    bytes.push(0x74, 0x51)
    integer(0)
    tuple(value.shape)
    tuple(stride)
    bytes.push(0x89)
    global("collections OrderedDict")
    bytes.push(0x29, 0x52, 0x74, 0x52)
  }
  const write = (value: PickleEntry): void => {
    if (typeof value === "string") return unicode(value)
    if (typeof value === "number") return integer(value)
    if (Array.isArray(value)) {
      bytes.push(0x7d, 0x28)
      for (const [key, item] of value as ReadonlyArray<readonly [string, PickleEntry]>) {
        unicode(key)
        write(item)
      }
      bytes.push(0x75)
      return
    }
    tensor(value as TorchTensor)
  }
  write(entries)
  bytes.push(0x2e)
  return Uint8Array.from(bytes)
}

/** A tensor, a string, a whole number, or a dict of these. */
export type PickleEntry = TorchTensor | string | number | ReadonlyArray<readonly [string, PickleEntry]>

const tensorsOf = (entries: ReadonlyArray<readonly [string, PickleEntry]>): ReadonlyArray<TorchTensor> =>
  entries.flatMap(([, value]) =>
    typeof value === "string" || typeof value === "number"
      ? []
      : Array.isArray(value)
        ? tensorsOf(value as ReadonlyArray<readonly [string, PickleEntry]>)
        : [value as TorchTensor]
  )

/**
 * A file that `torch.load(weights_only=True)` reads: a dict with these entries, in this order. Equal entries are equal
 * bytes.
 *
 * @param name the folder inside the archive, by convention the file's name without its ending
 */
export const encodeTorchFile = (
  name: string,
  entries: ReadonlyArray<readonly [string, PickleEntry]>
): Uint8Array<ArrayBuffer> => {
  const text = (value: string) => new TextEncoder().encode(value)
  return encodeZip(
    [
      { name: `${name}/data.pkl`, bytes: encodePickle(entries) },
      { name: `${name}/byteorder`, bytes: text("little") },
      ...tensorsOf(entries).map((tensor, i) => ({ name: `${name}/data/${i}`, bytes: bytesOf(tensor) })),
      { name: `${name}/version`, bytes: text("3\n") }
    ],
    { align: 64, date: 0, zip64: false, madeBy: 0, attributes: 0 }
  )
}
