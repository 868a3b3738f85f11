/** Which latents of a crosscoder are one model's own, by decoder norms and by latent scaling. One file, `latent-scaling.json`. */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const perLatent = Schema.Array(Schema.NullOr(Schema.Finite))

const LatentScalingFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Digest of the crosscoder, and its two sources in order. */
  crosscoder: Schema.String,
  sources: Schema.Array(Schema.Struct({ hook: Schema.String, model: Schema.String })),
  rows: Schema.Int,
  /** By latent: see `analysis/latent-scaling.ts`. Null where it does not fire on these rows. */
  firings: Schema.Array(Schema.Int),
  relative_norm: Schema.Array(Schema.Finite),
  v_reconstruction: perLatent,
  v_error: perLatent
})
export type LatentScalingFile = typeof LatentScalingFile.Type

export const latentScalingFileName = "latent-scaling.json"

export const LatentScaling = makeKind({
  name: "LatentScaling",
  version: 1,
  description: "which latents of a crosscoder are one model's own",
  open: (artifact: Artifact) => readJsonFile(artifact, latentScalingFileName, LatentScalingFile)
})
