/** How well a dictionary has found the features of a synthetic world. One file, `ground-truth.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const FeatureAbsorption = Schema.Struct({
  feature: Schema.Int,
  /** Its own latent, and that one's decoder cosine with it. */
  latent: Schema.Int,
  cosine: Schema.Finite,
  rows: Schema.Int,
  absorbed: Schema.Int,
  /** Of these, rows in which a child of the feature fires, too. */
  rows_with_child: Schema.Int,
  absorbed_with_child: Schema.Int
})

const GroundTruthFile = Schema.Struct({
  format: Schema.Literal(2),
  /** Digest of the SAE. */
  sae: Schema.String,
  d_sae: Schema.Int,
  /** What was looked for: the features that the world has, or the parts that they are composed of. */
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
  ),
  /** Of each feature that has a latent of its own, the held-out rows in which it fires and those where others have absorbed it; null for parts. */
  absorption: Schema.NullOr(Schema.Array(FeatureAbsorption))
})
export type FeatureAbsorption = typeof FeatureAbsorption.Type
export type GroundTruthFile = typeof GroundTruthFile.Type

export const groundTruthFileName = "ground-truth.json"

export const GroundTruth = makeKind({
  name: "GroundTruth",
  version: 2,
  description: "how well a dictionary has found known features",
  open: (artifact: Artifact) => readJsonFile(artifact, groundTruthFileName, GroundTruthFile)
})
