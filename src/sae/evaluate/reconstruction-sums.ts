/** The figures of one reconstruction of rows that nobody else is measured on. */
import type { Rng } from "../../random/rng.ts"
import { reconstructionFigures, reconstructionIntervals } from "./reconstruction-figures.ts"
import { makeErrorSums, makeRowSums, oneGroup, type RowGroups, type RowOrigin } from "./row-sums.ts"

const nowhere: RowOrigin = { document: 0, position: 0, token: 0 }

/** @param groups what intervals are over */
export const makeReconstructionSums = (d: number, groups: RowGroups = oneGroup) => {
  const rows = makeRowSums(d, [groups])
  const errors = makeErrorSums(d, [groups])
  return {
    /** The sums themselves. */
    measured: { rows, errors },
    /** Rows and their reconstructions, [rows, d], row-major: one block of the definitions that have any. */
    add: (
      x: Float32Array,
      xHat: Float32Array,
      origin: (row: number) => RowOrigin = () => nowhere,
      active: Int32Array = new Int32Array(x.length / d)
    ): void => errors.add(rows.add(x, origin), xHat, active),
    result: () => reconstructionFigures(rows, errors),
    intervals: (rng: Rng) => reconstructionIntervals({ rows, errors }, rng)
  }
}
