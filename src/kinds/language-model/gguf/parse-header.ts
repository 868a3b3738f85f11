/**
 * The header of a GGUF file: key-value metadata and where the tensors stand.
 * Source: the format description of ggml (`docs/gguf.md`), versions 2 and 3, little-endian.
 *
 * Nothing of a size that the header claims is made before the bytes for it have been seen to be there.
 */
import { otherTypes, type TensorType, tensorTypes } from "./tensor-types.ts"

export type MetadataValue = number | boolean | string | ReadonlyArray<string> | NumberArray
export type NumberArray = Float64Array | Float32Array | Int32Array

export interface GgufTensor {
  /** A name: the type cannot be read, and what the tensor takes is not known. */
  readonly type: TensorType | string
  /** Outermost axis first, as everywhere else; the file has it the other way round. */
  readonly shape: ReadonlyArray<number>
  /** From the start of the file. */
  readonly offset: number
  /** Bytes; 0 where they are not known. */
  readonly size: number
}

export interface GgufHeader {
  readonly metadata: ReadonlyMap<string, MetadataValue>
  readonly tensors: ReadonlyMap<string, GgufTensor>
}

/** Each limit is far above what public models need, and small enough that reaching it costs no memory to speak of. */
const limits = {
  /** The largest files have some hundred keys. */
  keys: 65_536,
  /** 126 blocks of a mixture of experts have some thousand tensors. */
  tensors: 100_000,
  /** Names have at most 64 bytes by the format's own rule for tensors, keys 65,535. */
  name: 65_535,
  /** Chat templates have up to 100 kB. */
  string: 16 * 2 ** 20,
  /** Vocabularies have up to 262,144 pieces, merges up to 500,000. */
  array: 16 * 2 ** 20,
  dimensions: 4,
  alignment: 65_536
}

/** The header does not end within these bytes. */
export const needsMore = Symbol("the header goes on")

class Problem extends Error {}

const decoder = new TextDecoder("utf-8")

class Cursor {
  at = 0
  readonly view: DataView
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  /** Steps over `count` bytes and gives where they start. */
  take(count: number): number {
    const start = this.at
    if (start + count > this.bytes.length) throw needsMore
    this.at = start + count
    return start
  }
  u32(): number {
    return this.view.getUint32(this.take(4), true)
  }
  u64(what: string): number {
    const value = this.view.getBigUint64(this.take(8), true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Problem(`${what} is ${value}`)
    return Number(value)
  }
  count(what: string, limit: number): number {
    const value = this.u64(what)
    if (value > limit) throw new Problem(`${what} is ${value}, more than ${limit}`)
    return value
  }
  text(what: string, limit: number): string {
    const length = this.count(`the length of ${what}`, limit)
    const start = this.take(length)
    return decoder.decode(this.bytes.subarray(start, start + length))
  }
}

const widths: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8
}

const scalarAt = (view: DataView, type: number, at: number): number | bigint => {
  switch (type) {
    case 0:
    case 7:
      return view.getUint8(at)
    case 1:
      return view.getInt8(at)
    case 2:
      return view.getUint16(at, true)
    case 3:
      return view.getInt16(at, true)
    case 4:
      return view.getUint32(at, true)
    case 5:
      return view.getInt32(at, true)
    case 6:
      return view.getFloat32(at, true)
    case 10:
      return view.getBigUint64(at, true)
    case 11:
      return view.getBigInt64(at, true)
    default:
      return view.getFloat64(at, true)
  }
}

const readArray = (cursor: Cursor, key: string): MetadataValue => {
  const type = cursor.u32()
  const length = cursor.count(`the length of ${key}`, limits.array)
  if (type === 8) {
    // A string takes 8 bytes at least: refuses a count that the bytes cannot hold.
    if (cursor.at + 8 * length > cursor.bytes.length) throw needsMore
    const strings: Array<string> = []
    for (let i = 0; i < length; i++) strings.push(cursor.text(`entry ${i} of ${key}`, limits.string))
    return strings
  }
  const width = widths[type]
  if (width === undefined) throw new Problem(`${key} is an array of the unknown type ${type}`)
  const start = cursor.take(width * length)
  const result = type === 6 ? new Float32Array(length) : type === 5 ? new Int32Array(length) : new Float64Array(length)
  for (let i = 0; i < length; i++) result[i] = Number(scalarAt(cursor.view, type, start + i * width))
  return result
}

const readValue = (cursor: Cursor, key: string): MetadataValue => {
  const type = cursor.u32()
  if (type === 8) return cursor.text(key, limits.string)
  if (type === 9) return readArray(cursor, key)
  const width = widths[type]
  if (width === undefined) throw new Problem(`${key} has the unknown type ${type}`)
  const value = Number(scalarAt(cursor.view, type, cursor.take(width)))
  return type === 7 ? value !== 0 : value
}

interface TensorInfo {
  readonly name: string
  readonly type: TensorType | string
  readonly shape: ReadonlyArray<number>
  readonly relative: number
  readonly size: number
}

const readTensor = (cursor: Cursor): TensorInfo => {
  const name = cursor.text("a tensor's name", limits.name)
  const dimensions = cursor.u32()
  if (dimensions < 1 || dimensions > limits.dimensions) {
    throw new Problem(`tensor ${name} has ${dimensions} dimensions`)
  }
  const inner: Array<number> = []
  for (let i = 0; i < dimensions; i++) inner.push(cursor.u64(`a dimension of tensor ${name}`))
  const id = cursor.u32()
  const type = tensorTypes.get(id)
  const relative = cursor.u64(`the offset of tensor ${name}`)
  const count = inner.reduce((product, n) => product * n, 1)
  if (!Number.isSafeInteger(count * (type?.bytes ?? 1)) || inner.some((n) => n < 1)) {
    throw new Problem(`tensor ${name} has the shape [${inner.join(", ")}]`)
  }
  const shape = inner.toReversed()
  // A tensor of another type hinders only who asks for it.
  if (type === undefined) return { name, type: otherTypes[id] ?? `type ${id}`, shape, relative, size: 0 }
  if ((inner[0] as number) % type.values !== 0) {
    throw new Problem(`tensor ${name}: rows of ${inner[0]} values are no whole blocks of ${type.name}`)
  }
  return { name, type, shape, relative, size: (count / type.values) * type.bytes }
}

const alignmentOf = (metadata: ReadonlyMap<string, MetadataValue>): number => {
  const value = metadata.get("general.alignment") ?? 32
  if (typeof value !== "number" || value < 8 || value > limits.alignment || (value & (value - 1)) !== 0) {
    throw new Problem(`general.alignment is ${String(value)}`)
  }
  return value
}

const place = (
  infos: ReadonlyArray<TensorInfo>,
  dataStart: number,
  alignment: number,
  fileSize: number
): ReadonlyMap<string, GgufTensor> => {
  const tensors = new Map<string, GgufTensor>()
  for (const { name, type, shape, relative, size } of infos) {
    if (tensors.has(name)) throw new Problem(`tensor ${name} stands twice`)
    if (relative % alignment !== 0) throw new Problem(`tensor ${name} is not aligned to ${alignment} bytes`)
    const offset = dataStart + relative
    if (offset + size > fileSize) {
      throw new Problem(`tensor ${name} ends at byte ${offset + size}, the file has ${fileSize}`)
    }
    tensors.set(name, { type, shape, offset, size })
  }
  let end = 0
  for (const [name, { offset, size }] of [...tensors].toSorted((a, b) => a[1].offset - b[1].offset)) {
    if (offset < end) throw new Problem(`tensor ${name} overlaps the one before it`)
    end = offset + size
  }
  return tensors
}

const parse = (cursor: Cursor, fileSize: number): GgufHeader => {
  const magic = cursor.u32()
  if (magic !== 0x46554747) throw new Problem("it does not begin with GGUF")
  const version = cursor.u32()
  if (version !== 2 && version !== 3) {
    const swapped = (version & 0xffff) === 0 ? " (a big-endian file?)" : ""
    throw new Problem(`it is of version ${version}${swapped}; 2 and 3 can be read`)
  }
  const tensorCount = cursor.count("the number of tensors", limits.tensors)
  const keyCount = cursor.count("the number of keys", limits.keys)
  const metadata = new Map<string, MetadataValue>()
  for (let i = 0; i < keyCount; i++) {
    const key = cursor.text("a key", limits.name)
    if (metadata.has(key)) throw new Problem(`the key ${key} stands twice`)
    metadata.set(key, readValue(cursor, key))
  }
  const infos: Array<TensorInfo> = []
  for (let i = 0; i < tensorCount; i++) infos.push(readTensor(cursor))
  const alignment = alignmentOf(metadata)
  const dataStart = Math.ceil(cursor.at / alignment) * alignment
  return { metadata, tensors: place(infos, dataStart, alignment, fileSize) }
}

/**
 * @param bytes the beginning of the file
 * @returns the header; `needsMore` where these bytes end before it does; or what is wrong with it
 */
export const parseGgufHeader = (bytes: Uint8Array, fileSize: number): GgufHeader | typeof needsMore | string => {
  try {
    return parse(new Cursor(bytes), fileSize)
  } catch (error) {
    if (error === needsMore) return needsMore
    if (error instanceof Problem) return error.message
    throw error
  }
}
