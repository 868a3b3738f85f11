/**
 * A comparison of SAEs with each other: what each is by itself, and what every two have in common. One file, `comparison.json`.
 */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { Intervals } from "../artifact/intervals.ts"
import { readJsonFile } from "../artifact/json-file.ts"
import { AnyJson } from "../json/json-schema.ts"

/** A mean over latents, with its 95 % interval where there are enough of them. */
const Mean = Schema.Struct({
  mean: Schema.Finite,
  low: Schema.NullOr(Schema.Finite),
  high: Schema.NullOr(Schema.Finite)
})

const ComparedSae = Schema.Struct({
  /** Coordinates in its matrix. */
  at: Schema.Record(Schema.String, AnyJson),
  digest: Schema.String,
  d_sae: Schema.Int,
  /** Mean over latents of the largest cosine with another latent of the same SAE, and of as many random directions. */
  self_cosine: Mean,
  random_self_cosine: Schema.Finite,
  /** On the held-out rows; null without activations. */
  l0: Schema.NullOr(Schema.Finite),
  /** Share of the latents that fire on none of them, and on more than a tenth. */
  dead: Schema.NullOr(Schema.Finite),
  dense: Schema.NullOr(Schema.Finite),
  /** Nth decoder projection (Chanin and Garriga-Alonso 2508.16560): the (n rows)-th largest entry of (x - b_dec) W_dec^T. */
  projection: Schema.NullOr(Schema.Struct({ n: Schema.Int, value: Schema.Finite }))
})

const ComparedPair = Schema.Struct({
  /** Which of the SAEs, in their order. The first has at most as many latents as the second. */
  first: Schema.Int,
  second: Schema.Int,
  /** Mean over the first one's latents of the largest decoder cosine with a latent of the second; and the other way round. */
  max_cosine: Mean,
  max_cosine_back: Mean,
  /** The first's latents against as many random directions as the second has. */
  random_max_cosine: Schema.Finite,
  /** Of SAEs of one size: mean absolute cosine of the best one-to-one matching (PW-MCC, Song et al. 2505.20254). */
  matched_cosine: Schema.NullOr(Mean),
  /** Median over the first one's live latents of the largest correlation of activations with a latent of the second. */
  activation_correlation: Schema.NullOr(
    Schema.Struct({ median: Schema.Finite, low: Schema.NullOr(Schema.Finite), high: Schema.NullOr(Schema.Finite) })
  ),
  /** Of `random_max_cosine`, and of the shares `several` (as split_share) and `new` (as new_share), over latents. */
  intervals: Schema.optionalKey(Intervals),
  /**
   * Latents of the larger one beside the first's: with a cosine above the threshold, each belongs to its nearest. Share of
   * the first's latents with none, with one, and with several, which they split into.
   */
  splits: Schema.Struct({
    threshold: Schema.Finite,
    none: Schema.Finite,
    one: Schema.Finite,
    several: Schema.Finite,
    /** Share of the second's latents that belong to none of the first's. */
    new: Schema.Finite,
    /** The largest families: a latent of the first, and the second's that belong to it. */
    families: Schema.Array(Schema.Struct({ latent: Schema.Int, parts: Schema.Array(Schema.Int) }))
  })
})

const ComparisonFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Held-out rows that activations were correlated on; 0 without activations. */
  rows: Schema.Int,
  saes: Schema.Array(ComparedSae),
  pairs: Schema.Array(ComparedPair)
})
export type ComparisonFile = typeof ComparisonFile.Type
export type ComparedSae = typeof ComparedSae.Type
export type ComparedPair = typeof ComparedPair.Type

export const comparisonFileName = "comparison.json"

export const Comparison = makeKind({
  name: "Comparison",
  version: 1,
  description: "SAEs compared with each other: seeds, widths, layers or trainers",
  open: (artifact: Artifact) => readJsonFile(artifact, comparisonFileName, ComparisonFile)
})
