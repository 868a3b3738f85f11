/**
 * A GGUF model in one file or in parts, as llama.cpp's `gguf-split` writes them: `split.count` says how many there are,
 * `split.no` which one this is, from 0 on. The first holds the metadata; each holds tensors of its own.
 */
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../../artifact/artifact.ts"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { mergeWeights } from "../../../format/weight-tensors.ts"
import type { Metadata } from "./metadata-fields.ts"
import { type Gguf, openGguf } from "./open-gguf.ts"

export interface GgufPart {
  /** Name of the file in its artifact, for messages. */
  readonly path: string
  readonly file: VerifiedFile
}

const numberOf = (metadata: Metadata, key: string, otherwise: number): number => {
  const value = metadata.get(key)
  return typeof value === "number" ? value : otherwise
}

/** @param digest digest of the artifact, for messages */
export const openGgufParts = Effect.fn("openGgufParts")(function* (parts: ReadonlyArray<GgufPart>, digest = "") {
  const opened = yield* Effect.forEach(parts, ({ path, file }) =>
    Effect.map(openGguf(file, path, digest), (weights) => ({ path, weights }))
  )
  type Opened = (typeof opened)[number]
  const number = ({ weights }: Opened): number => numberOf(weights.metadata, "split.no", 0)
  const count = ({ weights }: Opened): number => Math.max(1, numberOf(weights.metadata, "split.count", 1))
  const ordered = opened.toSorted((a, b) => number(a) - number(b))
  const [first] = ordered
  const fail = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest, path: first?.path ?? "model.gguf", detail })
  if (first === undefined) return yield* fail("there is no such file")
  const wanted = count(first)
  for (const [i, part] of ordered.entries()) {
    if (count(part) !== wanted || ordered.length !== wanted || number(part) !== i) {
      const found = ordered.map((each) => `${each.path} (${number(each) + 1})`).join(", ")
      return yield* fail(`its model stands in ${wanted} parts, and there are ${found}`)
    }
  }
  const merged = mergeWeights(ordered)
  if (typeof merged === "string") return yield* fail(merged)
  const tensors = numberOf(first.weights.metadata, "split.tensors.count", merged.entries.size)
  if (tensors !== merged.entries.size) {
    return yield* fail(`its parts should hold ${tensors} tensors, and hold ${merged.entries.size}`)
  }
  const gguf: Gguf = { metadata: first.weights.metadata, ...merged }
  return gguf
})
