/**
 * Host values of a tensor computed in a scope of its own. Never return typed arrays from `tf.tidy`: it searches what it
 * is given for tensors, number by number, which costs seconds for a million.
 */
import * as tf from "@tensorflow/tfjs-core"

export const readFloats = (compute: () => tf.Tensor): Float32Array => {
  const tensor = tf.tidy(compute)
  const values = tensor.dataSync<"float32">()
  tensor.dispose()
  return values
}
