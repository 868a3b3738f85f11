/** What is read of an Evaluation artifact. */
import type * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { UnmeasuredMetrics } from "../../artifact/artifact.ts"

/** What a crosscoder gives back of one of its sources. */
export interface EvaluatedSource {
  readonly hook: string
  readonly model: string
  readonly activations: string
  readonly explained_variance: number
  readonly mse: number
  readonly cosine: number
  /** What the reconstruction costs its model: losses with their intervals, named as evaluate-sae names them. */
  readonly metrics?: Readonly<Record<string, number>>
}

/** Reconstruction of some of the held-out rows. */
export interface EvaluatedRows {
  readonly rows: number
  readonly l0: number
  readonly mse: number
  /** About the mean of all rows; null where these do not differ from it. */
  readonly explained_variance: number | null
}

export interface EvaluationInfo {
  /** Digests of what was evaluated, on what; null for a crosscoder, whose rows are of several `sources`. */
  readonly sae: string
  readonly activations: string | null
  readonly model: string | null
  readonly hook: string | null
  /** Of a transcoder: where its output belongs. */
  readonly hook_out?: string
  readonly sources?: ReadonlyArray<EvaluatedSource>
  readonly d_in: number
  readonly d_sae: number
  /** Held-out rows that the reconstruction metrics are over. */
  readonly rows: number
  /** Contexts that the cross-entropies are over; `whole` of them lie wholly within held-out text. */
  readonly contexts: { readonly count: number; readonly whole: number; readonly targets: number }
  /** The flat numbers that metrics.json also holds; `artifact.json` says why one that is optional is not there. */
  readonly metrics: Readonly<Record<string, number>>
  /** Of the rows at positions `first` to `last` of their contexts. */
  readonly by_position?: ReadonlyArray<EvaluatedRows & { readonly first: number; readonly last: number }>
  /** Of the rows whose tokens are more than `above` and at most `to` of the text's. */
  readonly by_token_frequency?: ReadonlyArray<EvaluatedRows & { readonly above: number; readonly to: number }>
  /** log10 of the firing frequency of the latents that fire: `counts[i]` in [edges[i], edges[i + 1]). */
  readonly density_histogram: { readonly edges: ReadonlyArray<number>; readonly counts: ReadonlyArray<number> }
  readonly dead_latents: number
  readonly dense_latents: number
}

/** Per latent, over the held-out rows. */
export interface LatentStatistics {
  /** Share of the rows on which it fires. */
  readonly density: Float64Array<ArrayBuffer>
  /** Mean activation where it fires; 0 where it never does. */
  readonly mean_active: Float64Array<ArrayBuffer>
  readonly max: Float64Array<ArrayBuffer>
}

export interface EvaluationHandle extends EvaluationInfo {
  /** Digest of the artifact. */
  readonly digest: string
  /** Metrics without a number, with the reason. */
  readonly unmeasured: UnmeasuredMetrics
  readonly latents: Effect.Effect<LatentStatistics, ArtifactError>
}
