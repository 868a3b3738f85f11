/** Opens a GGUF file: checked header, tensors read and decoded one by one. */
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../../artifact/artifact.ts"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import type { PackedRows, PackedWeights, WeightEntry } from "../../../format/weight-tensors.ts"
import { type GgufHeader, needsMore, parseGgufHeader } from "./parse-header.ts"
import { tensorTypes } from "./tensor-types.ts"

export interface Gguf extends PackedWeights, Pick<GgufHeader, "metadata"> {}

/** Header bytes of the first attempt: most headers, vocabulary included, are below. */
const firstHeaderBytes = 8 * 2 ** 20

/** A vocabulary of a million pieces with its merges takes less. */
const maxHeaderBytes = 512 * 2 ** 20

/** Bytes that are decoded at once: what a tensor takes in memory beside its f32 values. */
const slabBytes = 8 * 2 ** 20

const readHeader = Effect.fnUntraced(function* (file: VerifiedFile, fail: (detail: string) => ArtifactError) {
  for (let length = Math.min(firstHeaderBytes, file.size); ; length = Math.min(4 * length, file.size)) {
    const bytes = yield* Effect.tryPromise({
      try: () => file.read(0, length),
      catch: (error) => error as ArtifactError
    })
    const header = parseGgufHeader(bytes, file.size)
    if (typeof header === "string") return yield* fail(header)
    if (header !== needsMore) return header
    if (length === file.size) return yield* fail("it ends within its header")
    if (length >= maxHeaderBytes) return yield* fail(`its header is longer than ${maxHeaderBytes} bytes`)
  }
})

/**
 * @param path name of the file in its artifact, for messages
 * @param digest digest of the artifact, for messages
 */
export const openGguf = Effect.fn("openGguf")(function* (file: VerifiedFile, path: string, digest = "") {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest, path, detail })
  const { metadata, tensors } = yield* readHeader(file, fail)
  const entries = new Map<string, WeightEntry>()
  for (const [name, { type, shape }] of tensors) {
    const readable = typeof type !== "string"
    entries.set(name, { dtype: readable ? type.name : type, shape, quantized: readable && type.values > 1 })
  }
  const find = Effect.fnUntraced(function* (name: string) {
    const tensor = tensors.get(name)
    if (tensor === undefined) return yield* fail(`there is no tensor ${name}`)
    const { type } = tensor
    if (typeof type !== "string") return { ...tensor, type }
    const known = [...tensorTypes.values()].map((other) => other.name).join(", ")
    return yield* fail(`tensor ${name} is ${type}, which cannot be read (${known} can)`)
  })
  const read = (offset: number, length: number) =>
    Effect.tryPromise({ try: () => file.read(offset, length), catch: (error) => error as ArtifactError })
  const packed = Effect.fnUntraced(function* (name: string) {
    const { type, shape, offset, size } = yield* find(name)
    if (type.name === "F32" || shape.length < 2) return undefined
    const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1)
    const matrix: PackedRows = { type: type.number, rows, bytes: yield* read(offset, size) }
    return matrix
  })
  const float32 = Effect.fnUntraced(function* (name: string) {
    const { type, offset, size } = yield* find(name)
    const out = new Float32Array((size / type.bytes) * type.values)
    const step = Math.floor(slabBytes / type.bytes) * type.bytes
    for (let at = 0; at < size; at += step) {
      const length = Math.min(step, size - at)
      const bytes = yield* read(offset + at, length)
      type.decode(bytes, length / type.bytes, out, (at / type.bytes) * type.values)
    }
    return out
  })
  const gguf: Gguf = { metadata, entries, float32, packed }
  return gguf
})
