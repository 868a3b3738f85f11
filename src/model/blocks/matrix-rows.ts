/** A matrix by its rows, such as an embedding: whether it stands there in f32 or as a quantized file has it. */
import * as tf from "@tensorflow/tfjs-core"
import { HalfMatrix } from "../../tensor/kernels/half-products.ts"
import {
  QuantizedMatrix,
  quantizedProduct,
  quantizedRows,
  type RowRange
} from "../../tensor/kernels/quantized-matrix.ts"
import type { Matrix } from "./weights.ts"

/** The numbers of one that stands there in f32: embeddings never become bfloat16 (`loadDescribed`). */
export const inFloats = (matrix: Matrix): tf.Tensor2D => {
  if (matrix instanceof HalfMatrix || matrix instanceof QuantizedMatrix) throw new TypeError("the matrix is not in f32")
  return matrix
}

/** Rows of a matrix [rows, columns]: [ids, columns]. */
export const rowsOf = (matrix: Matrix, ids: Int32Array): tf.Tensor2D =>
  tf.tidy(() => {
    const wanted = tf.tensor1d(ids, "int32")
    return matrix instanceof QuantizedMatrix ? quantizedRows(matrix, wanted) : tf.gather(inFloats(matrix), wanted)
  })

/** x W^T, of x [n, columns] and the rows that are meant. @param range all, where it is not given */
export const timesRows = (x: tf.Tensor2D, matrix: Matrix, range?: RowRange): tf.Tensor2D => {
  if (matrix instanceof QuantizedMatrix) return quantizedProduct(x, matrix, range)
  const floats = inFloats(matrix)
  if (range === undefined || range.count === floats.shape[0]) return tf.matMul(x, floats, false, true)
  return tf.tidy(() => tf.matMul(x, tf.slice(floats, [range.first, 0], [range.count, -1]), false, true))
}

/** Rows of a quantized matrix that are decoded at once, where all are read. */
const blockRows = 4096

/** The mean of all rows: [columns]. */
export const meanRow = (matrix: Matrix): tf.Tensor1D =>
  tf.tidy(() => {
    if (!(matrix instanceof QuantizedMatrix)) return tf.mean(inFloats(matrix), 0)
    const { rows, columns } = matrix.layout
    let sum = tf.zeros<tf.Rank.R1>([columns])
    for (let first = 0; first < rows; first += blockRows) {
      const next = tf.tidy(() => {
        const block = tf.range(first, Math.min(first + blockRows, rows), 1, "int32")
        return tf.add<tf.Tensor1D>(sum, tf.sum(quantizedRows(matrix, block), 0))
      })
      sum.dispose()
      sum = next
    }
    return tf.div(sum, rows)
  })
