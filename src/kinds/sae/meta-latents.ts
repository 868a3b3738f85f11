/**
 * `meta.json` of a meta-SAE: which meta-latents every latent of the base SAE is made of, and the latents that each
 * meta-latent is strongest in. The meta-SAE itself is an ordinary Sae artifact; this file stands beside its weights.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Artifact } from "../../artifact/artifact.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import { readJsonFile } from "../../artifact/json-file.ts"
import { Intervals } from "../../artifact/intervals.ts"

const Weighted = Schema.Struct({
  ids: Schema.Array(Schema.Int),
  /** Activations of the meta-SAE on unit decoder rows, strongest first. */
  activations: Schema.Array(Schema.Finite)
})

const MetaLatentsFile = Schema.Struct({
  format: Schema.Literal(2),
  base: Schema.Struct({ d_sae: Schema.Int, d_in: Schema.Int }),
  meta: Schema.Struct({ d_sae: Schema.Int, k: Schema.Int }),
  /** 1 - sum |W - W_hat|^2 / sum |W - W_mean|^2 over the unit decoder rows. */
  decoder_variance_explained: Schema.Finite,
  /** The same for as many random unit rows, with a meta-SAE trained with the same settings. */
  random_variance_explained: Schema.Finite,
  /** The same for random unit rows with the mean and the covariance of the decoder's: what no common parts are needed for. */
  matched_variance_explained: Schema.optionalKey(Schema.Finite),
  /** Of all three: over the latents, and over the random rows; and of the metric `structure_explained`, over both. */
  intervals: Schema.optionalKey(Intervals),
  /** Share of the meta-latents whose strongest latent has the meta-latent's own number, and what it is by chance. */
  same_number_share: Schema.Finite,
  same_number_chance: Schema.Finite,
  l0: Schema.Finite,
  /** One entry per latent of the base SAE: its meta-latents. */
  latents: Schema.Array(Weighted),
  /** One entry per meta-latent: its strongest base latents (at most `top`), and how many it fires on in all. */
  meta_latents: Schema.Array(
    Schema.Struct({ ids: Schema.Array(Schema.Int), activations: Schema.Array(Schema.Finite), count: Schema.Int })
  ),
  dead: Schema.Array(Schema.Int)
})
export type MetaLatentsFile = typeof MetaLatentsFile.Type

export const metaLatentsFileName = "meta.json"

/** `undefined` for an Sae artifact that is no meta-SAE. */
export const readMetaLatents = (artifact: Artifact): Effect.Effect<MetaLatentsFile | undefined, ArtifactError> =>
  artifact.has(metaLatentsFileName)
    ? readJsonFile(artifact, metaLatentsFileName, MetaLatentsFile)
    : Effect.succeed(undefined)
