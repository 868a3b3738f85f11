/** x W + b over the last axis of x, whatever axes come before it. */
import * as tf from "@tensorflow/tfjs-core"
import type { LinearWeights } from "./weights.ts"

/** x W alone. */
export const project = (x: tf.Tensor, { weight }: LinearWeights): tf.Tensor => {
  const [inputs, outputs] = weight.shape
  return tf.reshape(tf.matMul(tf.reshape(x, [-1, inputs]), weight), [...x.shape.slice(0, -1), outputs])
}

export const linear = (x: tf.Tensor, weights: LinearWeights): tf.Tensor => {
  const product = project(x, weights)
  return weights.bias === undefined ? product : tf.add(product, weights.bias)
}
