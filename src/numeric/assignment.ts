/** The pairing of as many rows as columns with the largest sum. */
import { linearSumAssignment } from "linear-sum-assignment"

/**
 * Jonker and Volgenant's algorithm; some 10 s for 2,000 rows.
 *
 * @param gain [n, n], row-major
 * @returns the column of each row
 */
export const bestAssignment = (gain: Float32Array, n: number): Int32Array<ArrayBuffer> => {
  const rows = Array.from({ length: n }, (_, row) => Float64Array.from(gain.subarray(row * n, (row + 1) * n)))
  return Int32Array.from(linearSumAssignment(rows, { maximaze: true }).rowAssignments)
}
