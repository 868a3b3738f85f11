/** What is read of an Activations artifact. */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Artifact } from "../../artifact/artifact.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { TokensHandle } from "../tokens/tokens-handle.ts"
import type { ActivationDtype } from "./activations-columns.ts"
import type { RowSet, RowSetFacts } from "./row-set.ts"

/** Which tokens have no row. */
export interface RowMask {
  /**
   * Rows of tokens that belong to no document are left out: BOS, whose norm is an outlier, and separators. True
   * wherever the contexts have such tokens.
   */
  readonly drop_bos: boolean
  /**
   * A token has no row where the norm of any of `hooks` there is more than this many times that hook's median norm; null:
   * no row is left out for its norm.
   */
  readonly outlier_factor: number | null
  /** The number of contexts, from the first, that the medians are over. */
  readonly median_contexts: number
  /** In the order of their model's digest and their name. `model`: digest of a LanguageModel artifact. */
  readonly hooks: ReadonlyArray<{ readonly model: string; readonly hook: string; readonly median_norm: number }>
}

/** Norms |x| of rows before rounding. Quantiles are exact to a thousandth of their value. */
export interface NormSummary {
  /** Rows that the summary is over: all that are kept, or where none are materialized, those that were computed. */
  readonly rows: number
  readonly mean: number
  /** sqrt(mean |x|^2) */
  readonly root_mean_square: number
  readonly min: number
  readonly max: number
  readonly quantiles: Readonly<Record<string, number>>
}

export interface ActivationsInfo {
  /** TransformerLens hook name: `blocks.2.hook_resid_post`. */
  readonly hook: string
  readonly d_in: number
  /** How the numbers are stored. */
  readonly dtype: ActivationDtype
  /** What the model was computed in, where it was not f32. */
  readonly precision?: "bf16"
  /** Digest of the LanguageModel artifact. */
  readonly model: string
  /** Digest of the Tokens artifact. */
  readonly tokens: string
  readonly context_size: number
  readonly mask: RowMask
  readonly split: {
    /** `contexts`: the text is one document, so its last contexts are held out. */
    readonly by: "document" | "contexts"
    readonly held_out_fraction: number
    readonly seed: number
    /** Document numbers, ascending; empty where `by` is `contexts`. */
    readonly held_out_documents: ReadonlyArray<number>
    /** First held-out context where `by` is `contexts`, else null. */
    readonly first_held_out_context: number | null
  }
  /** Of the training rows: as in the text, or a random permutation of them. Held-out rows are in the text's order. */
  readonly order: { readonly by: "tokens" } | { readonly by: "shuffle"; readonly seed: number }
}

/** What tells that a model still gives the rows that it gave when nothing was stored. */
export const ActivationsProbe = Schema.Struct({
  /** The rows, of either set, in the first N contexts. */
  contexts: Schema.Int,
  rows: Schema.Int,
  /** sha256 of their f32 values. */
  sha256: Schema.String,
  mean_norm: Schema.Finite
})
export type ActivationsProbe = typeof ActivationsProbe.Type

/** Rows that are in the artifact's files. */
export interface StoredRows {
  readonly stored: true
  readonly train: RowSet
  readonly held_out: RowSet
}

/** Rows that are not stored, and what gives them: a model run on the contexts. `src/activations` opens both. */
export interface RowsRecipe {
  readonly stored: false
  /** The model, as a LanguageModel artifact. */
  readonly languageModel: Artifact
  readonly probe: ActivationsProbe
}

export interface ActivationsHandle extends ActivationsInfo {
  /** Digest of the artifact. */
  readonly digest: string
  readonly norm: NormSummary
  readonly train: RowSetFacts
  readonly held_out: RowSetFacts
  readonly rows: StoredRows | RowsRecipe
  /** Positions of the tokens left out for their norm, ascending. */
  readonly outliers: Effect.Effect<Int32Array<ArrayBuffer>, ArtifactError, Scope.Scope>
  /** The contexts that were run, masked tokens included; `digest` is this artifact's. */
  readonly contexts: TokensHandle
}
