/**
 * The safetensors format: 8 bytes of header length, a JSON header, then the tensors' bytes.
 *
 * The reader checks every limit of the format before it trusts the header (length, offsets, sizes against shapes,
 * no overlap, no hole) and reads tensors one by one; the writer lays out tensors in the order of their names.
 * Source: the format description of the safetensors library, version 0.4 and later.
 */
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../artifact/artifact.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"
import { fromBfloat16, fromFloat16 } from "./half-float.ts"

const dtypeBytes = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1
} as const
export type SafetensorsDtype = keyof typeof dtypeBytes

export interface SafetensorsEntry {
  /** A `SafetensorsDtype`, or the name of a type that cannot be read: such a tensor hinders nobody who does not want it. */
  readonly dtype: string
  readonly shape: ReadonlyArray<number>
  /** Bytes. */
  readonly size: number
}

export interface Safetensors {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>
  readonly metadata: Readonly<Record<string, string>>
  /** The tensor's bytes as stored, in a buffer of their own. */
  readonly bytes: (name: string) => Effect.Effect<Uint8Array<ArrayBuffer>, ArtifactError>
  /** The tensor as f32, from F32, F16, BF16 or F64 (rounded). Fails on other types and on a missing name. */
  readonly float32: (name: string) => Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
}

/** The library's own limit on the header; the headers of the largest public models are below 1 MB a shard. */
const maxHeaderBytes = 100_000_000

const invalid = (digest: string, path: string, detail: string): ArtifactError =>
  new ArtifactError({ reason: "invalid", digest, path, detail })

interface Located extends SafetensorsEntry {
  readonly offset: number
}

const isDtype = (text: unknown): text is SafetensorsDtype => typeof text === "string" && Object.hasOwn(dtypeBytes, text)

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

/** Entries of a parsed header, or the reason why it is wrong. `bodySize` is what follows the header. */
const locate = (header: unknown, bodySize: number): ReadonlyMap<string, Located> | string => {
  if (typeof header !== "object" || header === null || Array.isArray(header)) return "the header is no JSON object"
  const located: Array<readonly [string, Located]> = []
  for (const [name, value] of Object.entries(header as Readonly<Record<string, unknown>>)) {
    if (name === "__metadata__") continue
    if (typeof value !== "object" || value === null) return `tensor ${name} has no description`
    const { dtype, shape, data_offsets: offsets } = value as Readonly<Record<string, unknown>>
    if (typeof dtype !== "string") return `tensor ${name} has no dtype`
    if (!Array.isArray(shape) || !shape.every(isSize)) return `tensor ${name} has a wrong shape`
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
      return `tensor ${name} has wrong data offsets`
    }
    const [start, end] = offsets as [number, number]
    // What one number of an unknown type takes is not known, so its tensor is as large as the header says.
    const size = isDtype(dtype)
      ? (shape as ReadonlyArray<number>).reduce((product, n) => product * n, dtypeBytes[dtype])
      : end - start
    if (size < 0 || end - start !== size) {
      return `tensor ${name} (${dtype} [${shape.join(", ")}]) needs ${size} bytes but stands at ${start} to ${end}`
    }
    if (end > bodySize) {
      return `the file was cut off: tensor ${name} ends ${end} bytes after the header, and the file after ${bodySize}`
    }
    located.push([name, { dtype, shape, size, offset: start }])
  }
  let next = 0
  for (const [name, { offset, size }] of located.toSorted(
    (a, b) => a[1].offset - b[1].offset || a[1].size - b[1].size
  )) {
    if (offset !== next) return `tensor ${name} starts at ${offset}, where ${next} is expected`
    next = offset + size
  }
  return next === bodySize ? new Map(located) : `${bodySize - next} bytes after the last tensor`
}

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}

/** Bytes of half floats that are read and widened at a time: a large tensor is in memory once, not twice. */
const slabBytes = 8 * 2 ** 20

const words = (bytes: Uint8Array<ArrayBuffer>): Uint16Array => {
  const own = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice()
  return new Uint16Array(own.buffer, own.byteOffset, own.byteLength / 2)
}

const read = (file: VerifiedFile, offset: number, length: number) =>
  Effect.tryPromise({ try: () => file.read(offset, length), catch: (error) => error as ArtifactError })

/**
 * Opens a safetensors file: its tensors by name, each read when it is asked for. `path`, the file's name in its artifact, and
 * the artifact's `digest` are for messages.
 *
 * Fails with `ArtifactError` where the header cannot be read, or tensors overlap or lie outside the file.
 */
export const openSafetensors = Effect.fn("openSafetensors")(function* (file: VerifiedFile, path: string, digest = "") {
  const fail = (detail: string) => invalid(digest, path, detail)
  if (file.size < 8) return yield* fail(`${file.size} bytes are too few for a safetensors file`)
  const start = yield* read(file, 0, 8)
  const headerBytes = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true))
  if (headerBytes > maxHeaderBytes || 8 + headerBytes > file.size) {
    return yield* fail(
      headerBytes > maxHeaderBytes
        ? "it is no safetensors file: where it would say how long its header is stands something else"
        : `the file was cut off: its header takes ${headerBytes} bytes, and the file has ${file.size}`
    )
  }
  const header = parseJson(yield* read(file, 8, headerBytes))
  const located = locate(header, file.size - 8 - headerBytes)
  if (typeof located === "string") return yield* fail(located)
  const metadata = (header as { readonly __metadata__?: Readonly<Record<string, string>> }).__metadata__ ?? {}

  const bytes = Effect.fnUntraced(function* (name: string) {
    const entry = located.get(name)
    if (entry === undefined)
      return yield* fail(`there is no tensor ${name}; it holds ${[...located.keys()].join(", ")}`)
    if (entry.size === 0) return new Uint8Array(0)
    const result = yield* read(file, 8 + headerBytes + entry.offset, entry.size)
    return result.byteOffset % 8 === 0 ? result : result.slice()
  })
  const halves = Effect.fnUntraced(function* (entry: Located, decode: (bits: Uint16Array) => Float32Array) {
    const out = new Float32Array(entry.size / 2)
    for (let at = 0; at < entry.size; at += slabBytes) {
      const length = Math.min(slabBytes, entry.size - at)
      const slab = yield* read(file, 8 + headerBytes + entry.offset + at, length)
      out.set(decode(words(slab)), at / 2)
    }
    return out
  })
  const float32 = Effect.fnUntraced(function* (name: string) {
    const entry = located.get(name)
    if (entry?.dtype === "BF16") return yield* halves(entry, fromBfloat16)
    if (entry?.dtype === "F16") return yield* halves(entry, fromFloat16)
    const raw = yield* bytes(name)
    const { dtype, size } = located.get(name) as Located
    if (dtype === "F32") return new Float32Array(raw.buffer, raw.byteOffset, size / 4)
    if (dtype === "F64") return Float32Array.from(new Float64Array(raw.buffer, raw.byteOffset, size / 8))
    return yield* fail(`tensor ${name} is ${dtype}; F32, F16, BF16 and F64 can be read as floats`)
  })
  const result: Safetensors = { entries: located, metadata, bytes, float32 }
  return result
})

export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype
  readonly shape: ReadonlyArray<number>
  /** Half floats as bit patterns in a Uint16Array. */
  readonly data: ArrayBufferView
}

/**
 * The bytes of a safetensors file: tensors sorted by name, header padded with spaces so that the data start at a
 * multiple of 8. Equal tensors give equal bytes.
 *
 * @throws RangeError where a tensor's data do not have the size of its shape
 *
 * @example
 * ```ts
 * import { encodeSafetensors } from "sae-pipeline/formats"
 *
 * const b_dec = { dtype: "F32", shape: [2], data: Float32Array.of(0.5, 1) } as const
 * const bytes = encodeSafetensors({ b_dec })
 * new TextDecoder().decode(bytes.subarray(8, 72)).trim() // => '{"b_dec":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}'
 * ```
 */
export const encodeSafetensors = (
  tensors: Readonly<Record<string, SafetensorsTensor>>,
  metadata?: Readonly<Record<string, string>>
): Uint8Array<ArrayBuffer> => {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata }
  // Wider types first, so that every tensor is aligned to its own type.
  const names = Object.keys(tensors).toSorted((a, b) => {
    const width = (name: string) => dtypeBytes[(tensors[name] as SafetensorsTensor).dtype]
    return width(b) - width(a) || (a < b ? -1 : 1)
  })
  let size = 0
  for (const name of names) {
    const { dtype, shape, data } = tensors[name] as SafetensorsTensor
    const wanted = shape.reduce((product, n) => product * n, dtypeBytes[dtype])
    if (data.byteLength !== wanted) {
      throw new RangeError(
        `tensor ${name}: ${dtype} [${shape.join(", ")}] takes ${wanted} bytes, not ${data.byteLength}`
      )
    }
    header[name] = { dtype, shape, data_offsets: [size, size + wanted] }
    size += wanted
  }
  const text = JSON.stringify(header)
  const bare = new TextEncoder().encode(text)
  const headerBytes = Math.ceil(bare.length / 8) * 8
  const result = new Uint8Array(8 + headerBytes + size)
  new DataView(result.buffer).setBigUint64(0, BigInt(headerBytes), true)
  result.fill(0x20, 8 + bare.length, 8 + headerBytes)
  result.set(bare, 8)
  let offset = 8 + headerBytes
  for (const name of names) {
    const { data } = tensors[name] as SafetensorsTensor
    result.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset)
    offset += data.byteLength
  }
  return result
}
