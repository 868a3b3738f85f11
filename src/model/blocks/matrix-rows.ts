/** A matrix by its rows, such as an embedding: whether it stands there in f32 or as a quantized file has it. */
import * as tf from "@tensorflow/tfjs-core"
import { isQuantized, quantizedProduct, quantizedRows, type RowRange } from "../../tensor/kernels/quantized-matrix.ts"

/** Rows of a matrix [rows, columns]: [ids, columns]. */
export const rowsOf = (matrix: tf.Tensor2D, ids: Int32Array): tf.Tensor2D =>
  tf.tidy(() => {
    const wanted = tf.tensor1d(ids, "int32")
    return isQuantized(matrix) ? quantizedRows(matrix, wanted) : tf.gather(matrix, wanted)
  })

/** x W^T, of x [n, columns] and the rows that are meant. @param range all, where it is not given */
export const timesRows = (x: tf.Tensor2D, matrix: tf.Tensor2D, range?: RowRange): tf.Tensor2D => {
  if (isQuantized(matrix)) return quantizedProduct(x, matrix, range)
  if (range === undefined || range.count === matrix.shape[0]) return tf.matMul(x, matrix, false, true)
  return tf.tidy(() => tf.matMul(x, tf.slice(matrix, [range.first, 0], [range.count, -1]), false, true))
}
