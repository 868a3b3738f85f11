/**
 * A stitching: what every latent of a large SAE does to a small one, how well the decoder cosine predicts it, and the
 * path of insertions and swaps from the small SAE to the large one. One file, `stitching.json`.
 */
import * as Schema from "effect/Schema"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"
import { readJsonFile } from "../artifact/json-file.ts"
import { Intervals } from "../artifact/intervals.ts"

const numbers = Schema.Array(Schema.Finite)

/** How a threshold on the cosine splits latents into novel (at most it) and reconstruction. */
const ProxyPoint = Schema.Struct({
  threshold: Schema.Finite,
  /** Share of the novel latents whose cosine is at most the threshold. */
  true_positive_rate: Schema.Finite,
  /** Share of the reconstruction latents whose cosine is at most the threshold. */
  false_positive_rate: Schema.Finite
})

const Step = Schema.Struct({
  /**
   * start: the small SAE. insert: a latent without a counterpart. swap: one connected component of the cosine graph.
   * rest: what neither helps alone nor has a counterpart (late insertions, all latents that never fired in one step,
   * removals without a replacement).
   */
  phase: Schema.Literals(["start", "insert", "swap", "rest"]),
  /** Latents of the large SAE that this step adds. */
  added: Schema.Array(Schema.Int),
  /** Latents of the small SAE that this step removes. */
  removed: Schema.Array(Schema.Int),
  /** Size of the stitched SAE after the step. */
  latents: Schema.Int,
  l0: Schema.Finite,
  /** Mean over rows of the squared error summed over dimensions. */
  mse: Schema.Finite,
  /** 1 - mse / variance, with the variance about the mean of the same rows. */
  ev: Schema.Finite
})

const StitchedSae = Schema.Struct({
  /** Of the Sae artifact. */
  digest: Schema.optionalKey(Schema.String),
  d_sae: Schema.Int,
  mse: Schema.Finite,
  ev: Schema.Finite,
  l0: Schema.Finite
})

/** The path under one way to group counterparts. */
const Grouping = Schema.Struct({
  /** path: as `path` has it. fixed: components above the fixed threshold. matching: latents that are each other's nearest. */
  name: Schema.Literals(["path", "fixed", "matching"]),
  /** Cosine; null for a matching. */
  threshold: Schema.NullOr(Schema.Finite),
  groups: Schema.Int,
  /** Latents of both SAEs in the largest one, which is swapped in one step. */
  largest_group: Schema.Int,
  /** Share of the fall of the MSE that the one step which lowers it most brings; null where the large SAE's is not lower. */
  largest_step_share: Schema.NullOr(Schema.Finite),
  insertions: Schema.Int,
  swaps: Schema.Int,
  rest: Schema.Int,
  rising_steps: Schema.Int,
  /** At most 100 steps of the path, evenly. */
  latents: Schema.Array(Schema.Int),
  l0: numbers,
  mse: numbers
})

const ends = { low: Schema.NullOr(Schema.Finite), high: Schema.NullOr(Schema.Finite) }

/** Nats a token, with 95 % intervals over contexts. */
const CrossEntropy = Schema.Struct({
  contexts: Schema.Int,
  targets: Schema.Int,
  /** Of the model as it is. */
  clean: Schema.Finite,
  /**
   * With stitched SAEs at some steps of the path, from the small SAE to the large one. The interval is that of the difference from
   * the model as it is, on the same contexts.
   */
  path: Schema.Array(Schema.Struct({ step: Schema.Int, latents: Schema.Int, ce: Schema.Finite, ...ends })),
  /** A sample of the large SAE's latents, each added alone to the small one: changes of the MSE and of the cross-entropy. */
  candidates: Schema.Array(
    Schema.Struct({ latent: Schema.Int, delta_mse: Schema.Finite, delta_ce: Schema.Finite, ...ends })
  )
})

const StitchingFile = Schema.Struct({
  format: Schema.Literal(2),
  /** Among the large SAE's first latents, as many as the small one has: share whose nearest small latent has their own number. */
  same_number_share: Schema.Finite,
  /** What that share is where the starts are independent. */
  same_number_chance: Schema.Finite,
  /** Of `novel_fraction` and `proxy_auc`, over the latents of the large SAE. */
  intervals: Schema.optionalKey(Intervals),
  rows: Schema.Int,
  d_in: Schema.Int,
  small: StitchedSae,
  large: StitchedSae,
  /** Total variance of the rows about their mean, summed over dimensions. */
  variance: Schema.Finite,
  options: Schema.Struct({
    b_dec: Schema.Literals(["best", "last_step", "interpolate"]),
    threshold: Schema.Finite,
    threshold_from: Schema.Literals(["youden", "fixed"]),
    /** Small latents without an edge: tied to the nearest large latent, or left to go alone. */
    unmatched: Schema.Literals(["nearest", "alone"]),
    /** Whether a TopK SAE was given a threshold, and which: null where it had its own. */
    small_topk_threshold: Schema.NullOr(Schema.Finite),
    large_topk_threshold: Schema.NullOr(Schema.Finite)
  }),
  /** One entry per latent of the large SAE, in its order. */
  latents: Schema.Struct({
    /** Change of the small SAE's MSE when this latent alone is added. Negative: novel. Zero: it never fired. */
    delta_mse: numbers,
    /** Largest decoder cosine with a latent of the small SAE, and which latent that is. */
    cosine: numbers,
    nearest: Schema.Array(Schema.Int),
    /** Share of the rows on which it fires. */
    density: numbers
  }),
  proxy: Schema.Struct({
    /** Area under the ROC of -cosine against "novel": over latents that fired, and over all. */
    auc: Schema.Finite,
    auc_all: Schema.Finite,
    /** At most 200 points of the ROC, by rising threshold. */
    roc: Schema.Array(ProxyPoint),
    youden: ProxyPoint,
    fixed: ProxyPoint
  }),
  /** Step 0 is the small SAE, the last step is exactly the large one. */
  path: Schema.Array(Step),
  groupings: Schema.optionalKey(Schema.Array(Grouping)),
  /** Where the model was given. */
  cross_entropy: Schema.optionalKey(CrossEntropy),
  counts: Schema.Struct({
    novel: Schema.Int,
    reconstruction: Schema.Int,
    /** Among the reconstruction latents: those that never fired on these rows. */
    silent: Schema.Int,
    /** Small latents without a cosine above the threshold. */
    unmatched_small: Schema.Int,
    components: Schema.Int,
    largest_component: Schema.Int,
    insertions: Schema.Int,
    swaps: Schema.Int,
    rest: Schema.Int,
    rising_steps: Schema.Int
  })
})
export type StitchingFile = typeof StitchingFile.Type
export type StitchingStep = typeof Step.Type
export type StitchingGrouping = typeof Grouping.Type
export type StitchingCrossEntropy = typeof CrossEntropy.Type
export type ProxyPoint = typeof ProxyPoint.Type

export const stitchingFileName = "stitching.json"

export const Stitching = makeKind({
  name: "Stitching",
  version: 2,
  description: "what each latent of a large SAE adds to a small one, and the path from one to the other",
  open: (artifact: Artifact) => readJsonFile(artifact, stitchingFileName, StitchingFile)
})
