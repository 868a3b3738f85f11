/** Opens the rows of an Activations artifact: those that are stored, or those that its model gives while they are read. */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import type { RowSet } from "../kinds/activations/row-set.ts"
import { openComputedRows } from "./computed-rows.ts"

/** Rows that are computed when they are read. */
export interface ComputedRows {
  /** Training rows of each context. */
  readonly trainingRows: Effect.Effect<Uint32Array<ArrayBuffer>, ArtifactError>
  /** The training rows of these contexts, in the order given, [rows, d_in]; needs an engine. */
  readonly compute: (contexts: Uint32Array) => Effect.Effect<Float32Array<ArrayBuffer>, ArtifactError>
}

export interface OpenActivations extends ActivationsHandle {
  readonly train: RowSet
  readonly held_out: RowSet
  /** Undefined: the rows are stored. */
  readonly computed: ComputedRows | undefined
}

/** The model of rows that are not stored lives as long as the scope; it is loaded when a row is first read. */
export const openActivations = Effect.fn("openActivations")(function* (handle: ActivationsHandle) {
  const { rows } = handle
  const opened: OpenActivations = rows.stored
    ? { ...handle, train: rows.train, held_out: rows.held_out, computed: undefined }
    : { ...handle, ...(yield* openComputedRows(handle, rows)) }
  return opened
})
