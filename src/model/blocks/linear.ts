/** x W + b over the last axis of x, whatever axes come before it. */
import * as tf from "@tensorflow/tfjs-core"
import type { LinearWeights } from "../weights.ts"

export const linear = (x: tf.Tensor, { weight, bias }: LinearWeights): tf.Tensor => {
  const [inputs, outputs] = weight.shape
  const product = tf.matMul(tf.reshape(x, [-1, inputs]), weight)
  const shifted = bias === undefined ? product : tf.add(product, bias)
  return tf.reshape(shifted, [...x.shape.slice(0, -1), outputs])
}
