/**
 * The encoder's bias as one more column of its weights: rows get a column of ones beside their numbers, so that the bias
 * costs no pass over the [rows, d_sae] pre-activations, and its gradient falls out of the weights' gradient.
 */
import * as tf from "@tensorflow/tfjs-core"

/** Columns of extended rows and weights: d_in, the ones, and zeros up to a multiple that matrix products like. */
export const extendedWidth = (d_in: number): number => Math.ceil((d_in + 1) / 16) * 16

/** [rows, d_in] -> [rows, extendedWidth(d_in)]. */
export const extendInput = (x: tf.Tensor2D): tf.Tensor2D =>
  tf.tidy(() => {
    const [rows, d_in] = x.shape
    const rest = extendedWidth(d_in) - d_in - 1
    return tf.concat2d([x, tf.ones([rows, 1]), ...(rest === 0 ? [] : [tf.zeros<tf.Rank.R2>([rows, rest])])], 1)
  })
