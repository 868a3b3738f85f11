/** x W + b over the last axis of x, whatever axes come before it. */
import * as tf from "@tensorflow/tfjs-core"
import { halfProduct, isHalf } from "../../tensor/kernels/half-products.ts"
import type { LinearWeights } from "./weights.ts"

/** x W alone. */
export const project = (x: tf.Tensor, { weight }: LinearWeights): tf.Tensor => {
  const [inputs, outputs] = weight.shape
  const rows = tf.reshape<tf.Rank.R2>(x, [-1, inputs])
  const product = isHalf(weight) ? halfProduct(rows, weight) : tf.matMul(rows, weight)
  return tf.reshape(product, [...x.shape.slice(0, -1), outputs])
}

export const linear = (x: tf.Tensor, weights: LinearWeights): tf.Tensor => {
  const product = project(x, weights)
  return weights.bias === undefined ? product : tf.add(product, weights.bias)
}
