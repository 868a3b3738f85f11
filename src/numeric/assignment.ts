/** The pairing of rows and columns with the largest sum. */
import { linearSumAssignment } from "linear-sum-assignment"

/**
 * Jonker and Volgenant's algorithm; some 10 s for 2,000 rows and columns.
 *
 * @param gain [rows, columns], row-major
 * @returns as many pairs of a row and a column as the fewer are, by row
 */
export const bestMatching = (
  gain: Float32Array,
  rows: number,
  columns: number
): ReadonlyArray<readonly [row: number, column: number]> => {
  const matrix = Array.from({ length: rows }, (_, row) =>
    Float64Array.from(gain.subarray(row * columns, (row + 1) * columns))
  )
  const { columnAssignments, rowAssignments } = linearSumAssignment(matrix, { maximaze: true })
  return rows <= columns
    ? Array.from(rowAssignments, (column, row) => [row, column] as const)
    : Array.from(columnAssignments, (row, column) => [row, column] as const)
        .filter(([row]) => row >= 0)
        .toSorted((a, b) => a[0] - b[0])
}
