/** x W + b over the last axis of x, whatever axes come before it. */
import * as tf from "@tensorflow/tfjs-core"
import { halfProduct, HalfMatrix } from "../../tensor/kernels/half-products.ts"
import { QuantizedMatrix, quantizedProduct } from "../../tensor/kernels/quantized-matrix.ts"
import type { LinearWeights, Matrix } from "./weights.ts"

const product = (x: tf.Tensor2D, weight: Matrix): tf.Tensor2D => {
  if (weight instanceof QuantizedMatrix) return quantizedProduct(x, weight)
  return weight instanceof HalfMatrix ? halfProduct(x, weight) : tf.matMul(x, weight)
}

/** x W alone. */
export const project = (x: tf.Tensor, { weight }: LinearWeights): tf.Tensor => {
  const [inputs, outputs] = weight.shape
  const rows = tf.reshape<tf.Rank.R2>(x, [-1, inputs])
  return tf.reshape(product(rows, weight), [...x.shape.slice(0, -1), outputs])
}

export const linear = (x: tf.Tensor, weights: LinearWeights): tf.Tensor => {
  const projected = project(x, weights)
  return weights.bias === undefined ? projected : tf.add(projected, weights.bias)
}
