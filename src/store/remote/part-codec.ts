/**
 * Parts as they travel: as they are, or packed by zstd where that makes them smaller. A packed one is shorter than what it
 * holds, so its length tells; what comes out is checked by its digests, whichever it was.
 */
import { promisify } from "node:util"
import { zstdCompress, zstdDecompress } from "node:zlib"
import { CHUNK_BYTES, sha256Of } from "../../file/hash-file.ts"

const pack = promisify(zstdCompress)
const unpack = promisify(zstdDecompress)

/** Weights and activations in f32 shrink by 7 to 10 %, for which nobody wants to wait; text and JSON by more than half. */
const WORTH_IT = 0.85
const SAMPLE_BYTES = 256 * 1024

/** The middle tells more than the beginning, where headers are. */
const sampleOf = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length <= SAMPLE_BYTES) return bytes
  const start = Math.floor((bytes.length - SAMPLE_BYTES) / 2)
  return bytes.subarray(start, start + SAMPLE_BYTES)
}

export const encodePart = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> => {
  const sample = sampleOf(bytes)
  const tried = await pack(sample)
  if (tried.length > WORTH_IT * sample.length) return bytes
  const packed = sample === bytes ? tried : await pack(bytes)
  return packed.length <= WORTH_IT * bytes.length ? packed : bytes
}

const unpacked = async (bytes: Uint8Array, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  try {
    // Of what would fill the memory, no more than this comes out.
    return new Uint8Array(await unpack(bytes, { maxOutputLength: Math.max(1, limit) }))
  } catch {
    return undefined
  }
}

/** Whether all chunks have the digests that they should have. */
export const isIntact = (bytes: Uint8Array, digests: ReadonlyArray<string>): boolean =>
  digests.length === Math.max(1, Math.ceil(bytes.length / CHUNK_BYTES)) &&
  digests.every((digest, i) => sha256Of(bytes.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES)) === digest)

/** Undefined: it is not what it should be. */
export const decodePart = async (
  bytes: Uint8Array<ArrayBuffer>,
  { size, digests }: { readonly size: number; readonly digests: ReadonlyArray<string> }
): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  const plain = bytes.length === size ? bytes : await unpacked(bytes, size)
  return plain !== undefined && plain.length === size && isIntact(plain, digests) ? plain : undefined
}

/** The same for a file list, whose size only its digest knows. */
export const decodeFileList = async (
  bytes: Uint8Array<ArrayBuffer>,
  digest: string,
  limit: number
): Promise<Uint8Array<ArrayBuffer> | undefined> => {
  if (sha256Of(bytes) === digest) return bytes
  const plain = await unpacked(bytes, limit)
  return plain !== undefined && sha256Of(plain) === digest ? plain : undefined
}
