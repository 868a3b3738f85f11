/**
 * Rows to train on. By random access where they are in memory or in a file: the trainer then draws a global permutation, never one
 * within a buffer. Else they come in an order that is a random one already, and are read in that order.
 */
import type * as Effect from "effect/Effect"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { StageFailed } from "../stage/stage-failed.ts"

export interface RowSource {
  readonly rows: number
  readonly d_in: number
  /**
   * Copies rows `indices[0]`, `indices[1]`, ... into `into`, [indices.length, d_in] row-major. Throws an `ArtifactError` where
   * they are in a file that cannot be read any more.
   */
  readonly gather: (indices: Uint32Array, into: Float32Array) => void
  /** Told which rows will be gathered next, so that a disk can bring them meanwhile. Absent: they are in memory. */
  readonly ahead?: (indices: Uint32Array) => void
  /** Absent: every row can be gathered at any time. */
  readonly stream?: RowStream
  /** Whether a batch draws each of its rows from all of them, the same ones again among them, and not from what is left of an epoch. */
  readonly withReplacement?: boolean
}

export interface RowStream {
  /** The first N rows can be gathered before anything was loaded: a random sample of all. */
  readonly sample: number
  /**
   * Makes these rows ready for `gather`. Consecutive ones that go on where the last ones ended are cheap, and the last few
   * thousand stay; a jump costs a new start.
   */
  readonly load: (indices: Uint32Array) => Effect.Effect<void, StageFailed | ArtifactError>
}

/** Rows of a matrix [rows, d_in] in memory, row-major. */
export const matrixRows = (data: Float32Array, d_in: number): RowSource => {
  if (data.length % d_in !== 0) throw new RangeError(`${data.length} numbers are no rows of ${d_in}`)
  return {
    rows: data.length / d_in,
    d_in,
    gather: (indices, into) => {
      for (let i = 0; i < indices.length; i++) {
        const start = (indices[i] as number) * d_in
        into.set(data.subarray(start, start + d_in), i * d_in)
      }
    }
  }
}

/** The rows that are in memory: all, or of a stream its first ones, which are a random sample. */
export const residentRows = (source: RowSource): RowSource => ({
  rows: source.stream?.sample ?? source.rows,
  d_in: source.d_in,
  gather: source.gather
})
