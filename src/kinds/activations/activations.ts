/**
 * The artifact kind Activations: the rows of one hook point over a Tokens artifact, split by document into rows to train
 * on and rows held out, in token order or (`shuffle-activations`) in a random one.
 *
 * Files: `activations.json` (what is below, with row counts); `train.arrow`, `held_out.arrow` (Arrow IPC *file* format,
 * columns `activation` FixedSizeList[d_in] of Float32, Float16 or, for bf16, UInt16; `norm` Float32; `document`,
 * `position`, `token` Int32); `outliers.arrow` where rows are left out for their norm; and the contexts that the rows are
 * of, in the files of a Tokens artifact, so that a model can be run on held-out text without asking for more.
 *
 * Where rows are not materialized there are no Arrow files of rows: the model stands below `model/`, and whoever reads
 * rows computes them.
 */
import * as Schema from "effect/Schema"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ActivationDtype } from "./activations-columns.ts"
import type { Artifact } from "../../artifact/artifact.ts"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import { makeKind } from "../../artifact/artifact-kind.ts"
import type { TokensHandle } from "../tokens/tokens.ts"

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

/** Consecutive rows of a set. The arrays are views on the bytes that were read. */
export interface RowBatch {
  /** Index in the set of the first row. */
  readonly first: number
  readonly rows: number
  /** [rows, d_in], row-major. */
  readonly activation: Float32Array<ArrayBuffer>
  /** |x| of each row before rounding. */
  readonly norm: Float32Array<ArrayBuffer>
  readonly document: Int32Array<ArrayBuffer>
  /** Index of the row's token in the token stream: context `floor(position / context_size)`. */
  readonly position: Int32Array<ArrayBuffer>
  readonly token: Int32Array<ArrayBuffer>
}

export interface RowSet {
  readonly rows: number
  readonly batches: number
  /** Rows of every batch but the last. */
  readonly batch_rows: number
  /** sha256 of the rows' positions as little-endian int32: equal where rows are of the same tokens in the same order. */
  readonly positions_sha256: string
  readonly readBatch: (index: number) => Effect.Effect<RowBatch, ArtifactError>
  /**
   * Rows `first` to `first + count` (all of them by default) in one array [rows, d_in]. The only reader here that
   * holds more than a batch: ask for it where the rows are known to fit in memory.
   */
  readonly loadRows: (first?: number, count?: number) => Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
  /**
   * Copies rows `indices[0]`, `indices[1]`, ... of record batches that have been read into `into`, [indices.length, d_in].
   * Throws an `ArtifactError`. Absent: rows are not in a file that can be read so.
   */
  readonly gatherAgain?: (indices: Uint32Array, into: Float32Array) => void
}

/** What is known of a set of rows before any is read. */
export type RowSetFacts = Pick<RowSet, "rows" | "batch_rows" | "positions_sha256">

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

export const Activations = makeKind({
  name: "Activations",
  version: 2,
  description: "activations of one hook point, split by document into training and held-out rows",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-activations.ts")),
      (module) => module.readActivations(artifact)
    )
})
