/** Rows of norm one: the norm after a step, and gradients that do not try to change it. */
import * as tf from "@tensorflow/tfjs-core"
import { boolAttribute, dataType, executeSingle, typeAttribute } from "../tensorflow/tensorflow-ops.ts"

/** Euclidean norms of the rows, [rows, 1]. TensorFlow has one operation for it that makes no square of the matrix. */
export const rowNorms = (matrix: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => {
    if (tf.getBackend() !== "tensorflow") return tf.sqrt(tf.sum(tf.square(matrix), 1, true))
    const types = [typeAttribute("T", dataType.float32), typeAttribute("Tidx", dataType.int32)]
    const axis = tf.tensor1d([1], "int32")
    return executeSingle("EuclideanNorm", [...types, boolAttribute("keep_dims", true)], [matrix, axis]) as tf.Tensor2D
  })

/** Rows divided by their norms; a row of zeros stays. */
export const unitRows = (matrix: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => tf.div(matrix, tf.maximum(rowNorms(matrix), 1e-30)))

/**
 * The gradient without its component along each row: g - (g . w) w.
 * Bricken et al. 2023, "Towards Monosemanticity".
 */
export const projectGradient = (gradient: tf.Tensor2D, rows: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => tf.sub(gradient, tf.mul(rows, tf.sum(tf.mul(gradient, rows), 1, true))))
