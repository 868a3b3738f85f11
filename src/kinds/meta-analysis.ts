/**
 * What a meta-SAE's parts are, beside a smaller SAE of the same activations. `meta-analysis.json` and three tables:
 * `decomposition.arrow` (one row an active meta-latent of a latent), `matches.arrow` (one row a meta-latent),
 * `neighbours.arrow` (one row an edge of the graph of latents that share meta-latents).
 */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { Intervals } from "../artifact/intervals.ts"
import { readJsonFile } from "../artifact/json-file.ts"

const MetaAnalysisFile = Schema.Struct({
  format: Schema.Literal(1),
  /** Digests of the Sae artifacts. */
  sae: Schema.String,
  meta: Schema.String,
  smaller: Schema.String,
  d_sae: Schema.Int,
  meta_latents: Schema.Int,
  smaller_d_sae: Schema.Int,
  /** Meta-latents that fire on a latent: matches are of these alone. */
  live: Schema.Int,
  match_cosine: Schema.Finite,
  random_match_cosine: Schema.Finite,
  matched_above: Schema.Finite,
  matched_share: Schema.Finite,
  random_matched_share: Schema.Finite,
  decoder_variance_explained: Schema.Finite,
  fixed_variance_explained: Schema.Finite,
  fixed_random_variance_explained: Schema.Finite,
  neighbours: Schema.Int,
  neighbour_overlap: Schema.NullOr(Schema.Finite),
  shuffled_overlap: Schema.NullOr(Schema.Finite),
  /** By the name of the figure. */
  intervals: Intervals
})
export type MetaAnalysisFile = typeof MetaAnalysisFile.Type

export const metaAnalysisFileName = "meta-analysis.json"

/** `share`: of the squared activations of the latent's meta-latents, this one's. */
export const decompositionColumns = {
  latent: { type: "i32" },
  meta_latent: { type: "i32" },
  activation: { type: "f32" },
  share: { type: "f32" }
} as const

/** `count`: latents that it fires on. Nearest latent of the smaller SAE, and largest cosine with as many random directions. */
export const matchColumns = {
  meta_latent: { type: "i32" },
  count: { type: "i32" },
  nearest: { type: "i32" },
  cosine: { type: "f32" },
  random_cosine: { type: "f32" }
} as const

/** `shared`: the sum over common meta-latents of the product of their activations; `cosine` of the two decoder rows. */
export const neighbourColumns = {
  latent: { type: "i32" },
  neighbour: { type: "i32" },
  shared: { type: "f32" },
  cosine: { type: "f32" }
} as const

export const MetaAnalysis = makeKind({
  name: "MetaAnalysis",
  version: 1,
  description: "the parts that a meta-SAE finds in latents, beside a smaller SAE and beside random directions",
  open: (artifact: Artifact) => readJsonFile(artifact, metaAnalysisFileName, MetaAnalysisFile)
})
