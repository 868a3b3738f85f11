/**
 * The artifact kind Activations: the rows of one hook point over a Tokens artifact, in token order, split by document
 * into rows to train on and rows held out.
 *
 * Files: `activations.json` (what is below, with row counts); `train.arrow`, `held_out.arrow` (Arrow IPC *file* format,
 * columns `activation` FixedSizeList<Float32>[d_in], `document`, `position`, `token` Int32); and the contexts that the
 * rows are of, in the files of a Tokens artifact, so that a model can be run on held-out text without asking for more.
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "./artifact-error.ts"
import { makeKind } from "./artifact-kind.ts"
import type { TokensHandle } from "./tokens.ts"

export interface ActivationsInfo {
  /** TransformerLens hook name: `blocks.2.hook_resid_post`. */
  readonly hook: string
  readonly d_in: number
  /** Digest of the LanguageModel artifact. */
  readonly model: string
  /** Digest of the Tokens artifact. */
  readonly tokens: string
  readonly context_size: number
  readonly mask: {
    /**
     * Rows of tokens that belong to no document are left out: BOS, whose norm is an outlier, and separators. True
     * wherever the contexts have such tokens.
     */
    readonly drop_bos: boolean
  }
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
}

/** Consecutive rows of a set. The arrays are views on the bytes that were read. */
export interface RowBatch {
  /** Index in the set of the first row. */
  readonly first: number
  readonly rows: number
  /** [rows, d_in], row-major. */
  readonly activation: Float32Array<ArrayBuffer>
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
  readonly readBatch: (index: number) => Effect.Effect<RowBatch, ArtifactError>
  /**
   * Rows `first` to `first + count` (all of them by default) in one array [rows, d_in]. The only reader here that
   * holds more than a batch: ask for it where the rows are known to fit in memory.
   */
  readonly loadRows: (first?: number, count?: number) => Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
}

export interface ActivationsHandle extends ActivationsInfo {
  /** Digest of the artifact. */
  readonly digest: string
  readonly train: RowSet
  readonly held_out: RowSet
  /** The contexts that were run, masked tokens included; `digest` is this artifact's. */
  readonly contexts: TokensHandle
}

export const Activations = makeKind({
  name: "Activations",
  version: 1,
  description: "activations of one hook point, split by document into training and held-out rows",
  open: (artifact) =>
    Effect.flatMap(
      Effect.promise(() => import("./read-activations.ts")),
      (module) => module.readActivations(artifact)
    )
})
