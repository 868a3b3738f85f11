/** A set of an artifact's rows, read batch by batch. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ArtifactError } from "../../artifact/artifact-error.ts"

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
  /** What is told which rows `gatherAgain` will be asked for next: they are read from the disk meanwhile. */
  readonly gatherAhead?: Effect.Effect<(indices: Uint32Array) => void, never, Scope.Scope>
}

/** What is known of a set of rows before any is read. */
export type RowSetFacts = Pick<RowSet, "rows" | "batch_rows" | "positions_sha256">
