/** How well a dictionary has found the features of a synthetic world. One file, `ground-truth.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const GroundTruthFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Digest of the SAE. */
  sae: Schema.String,
  d_sae: Schema.Int,
  /** What was looked for: the features, or the parts that they are composed of. */
  target: Schema.Literals(["features", "parts"]),
  targets: Schema.Int,
  mcc: Schema.Finite,
  uniqueness: Schema.Finite,
  /** Share of the targets that a latent has with an absolute cosine above `recovered_cosine`. */
  recovered: Schema.Finite,
  recovered_cosine: Schema.Finite,
  /** Of each target: the largest absolute cosine with a latent. */
  best_cosine: Schema.Array(Schema.Finite),
  /** Of each latent as a classifier of its best feature, on the held-out rows; null for parts, which do not fire. */
  firing: Schema.NullOr(
    Schema.Struct({ feature: Schema.Array(Schema.Int), f1: Schema.Array(Schema.Finite), true_l0: Schema.Finite })
  )
})
export type GroundTruthFile = typeof GroundTruthFile.Type

export const groundTruthFileName = "ground-truth.json"

export const GroundTruth = makeKind({
  name: "GroundTruth",
  version: 1,
  description: "how well a dictionary has found known features",
  open: (artifact: Artifact) => readJsonFile(artifact, groundTruthFileName, GroundTruthFile)
})
