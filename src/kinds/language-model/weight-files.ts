/**
 * The files that a model's weights stand in: one file, or shards that an index names. Where a folder holds them in
 * several formats, the first of these is read.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Artifact, VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import { withMxfp4 } from "../../format/mxfp4.ts"
import { openSafetensors } from "../../format/safetensors.ts"
import { openTorchWeights } from "../../format/torch/torch-weights.ts"
import { mergeWeights, type WeightPart, type WeightTensors } from "../../format/weight-tensors.ts"

interface WeightFormat {
  readonly single: string
  readonly index: string
  readonly open: (file: VerifiedFile, path: string, digest: string) => Effect.Effect<WeightTensors, ArtifactError>
}

const formats: ReadonlyArray<WeightFormat> = [
  { single: "model.safetensors", index: "model.safetensors.index.json", open: openSafetensors },
  { single: "pytorch_model.bin", index: "pytorch_model.bin.index.json", open: openTorchWeights }
]

/** For messages. */
export const weightFileNames: ReadonlyArray<string> = formats.flatMap(({ single, index }) => [single, index])

export interface WeightFiles {
  /** Files of the folder that are needed. */
  readonly names: ReadonlyArray<string>
  readonly open: Effect.Effect<WeightTensors, ArtifactError, Scope.Scope>
}

const Index = Schema.Struct({ weight_map: Schema.Record(Schema.String, Schema.String) })

const single = (artifact: Artifact, { single: path, open }: WeightFormat): WeightFiles => ({
  names: [path],
  open: Effect.flatMap(artifact.open(path), (file) => Effect.map(open(file, path, artifact.digest), withMxfp4))
})

const sharded = Effect.fnUntraced(function* (artifact: Artifact, { index, open }: WeightFormat) {
  const fail = (detail: string) =>
    new ArtifactError({ reason: "invalid", digest: artifact.digest, path: index, detail })
  const { weight_map: map } = yield* readJsonFile(artifact, index, Index)
  const shards = [...new Set(Object.values(map))].toSorted()
  const absent = shards.find((name) => !artifact.has(name))
  if (absent !== undefined) return yield* fail(`names ${absent}, which is not there`)
  const opened = Effect.gen(function* () {
    const parts: Array<WeightPart> = []
    for (const path of shards) {
      parts.push({ path, weights: yield* open(yield* artifact.open(path), path, artifact.digest) })
    }
    const merged = mergeWeights(parts)
    if (typeof merged === "string") return yield* fail(merged)
    const holds = new Map(parts.map(({ path, weights }) => [path, weights.entries]))
    for (const [name, shard] of Object.entries(map)) {
      if (holds.get(shard)?.has(name) !== true) return yield* fail(`names ${name} in ${shard}, which does not hold it`)
    }
    return withMxfp4(merged)
  })
  const files: WeightFiles = { names: [index, ...shards], open: opened }
  return files
})

/** undefined: the folder has no weights in a format that is read. */
export const findWeights = (artifact: Artifact): Effect.Effect<WeightFiles | undefined, ArtifactError> => {
  for (const format of formats) {
    if (artifact.has(format.single)) return Effect.succeed(single(artifact, format))
    if (artifact.has(format.index)) return sharded(artifact, format)
  }
  return Effect.succeed(undefined)
}
