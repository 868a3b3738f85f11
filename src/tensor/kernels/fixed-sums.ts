/**
 * Dense sums of a training step: in an order that neither the CPU nor the number of threads changes, where operations of our
 * own are loaded (sae-product.cc, sae-decode.cc); by the engine elsewhere.
 */
import * as tf from "@tensorflow/tfjs-core"
import { compiledOpsLoaded, floatProducts } from "../tensorflow/compiled-ops.ts"
import { executeSingle, intAttribute } from "../tensorflow/tensorflow-ops.ts"

/** a b^T: [n, d] and [m, d] to [n, m]. */
export const productOfRows = (a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D =>
  compiledOpsLoaded()
    ? (executeSingle("SaeProduct", [intAttribute("by", floatProducts())], [a, b]) as tf.Tensor2D)
    : tf.matMul(a, b, false, true)

/** a b of [n, d] and [d, m], or a^T b of [d, n] and [d, m] where `transposed`: [n, m]. */
export const fixedProduct = (a: tf.Tensor2D, b: tf.Tensor2D, transposed = false): tf.Tensor2D =>
  compiledOpsLoaded()
    ? tf.tidy(() => productOfRows(transposed ? tf.transpose(a) : a, tf.transpose(b)))
    : tf.matMul(a, b, transposed, false)

/** The sum of the rows, each times its factor: [n] and [n, d] to [d]. */
export const sumOfRows = (factors: tf.Tensor1D, matrix: tf.Tensor2D): tf.Tensor1D =>
  compiledOpsLoaded()
    ? (executeSingle("SaeRows", [], [factors, matrix]) as tf.Tensor1D)
    : tf.tidy(() => tf.reshape<tf.Rank.R1>(tf.matMul(tf.expandDims<tf.Tensor2D>(factors, 0), matrix), [-1]))

/** The sum of all numbers' squares, in f64; on a GPU of the last axis in f32, since the numbers stay there. */
export const sumOfSquares = (tensor: tf.Tensor): number => {
  let sum = 0
  if (tf.getBackend() === "webgpu") {
    const squares = tf.tidy(() => tf.sum(tf.square(tensor), -1))
    for (const square of squares.dataSync<"float32">()) sum += square
    squares.dispose()
    return sum
  }
  const values = tensor.dataSync<"float32">()
  for (let i = 0; i < values.length; i++) sum += (values[i] as number) * (values[i] as number)
  return sum
}
