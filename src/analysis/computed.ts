/**
 * The numbers of a tensor that is computed and no longer needed. (Returning typed arrays from `tf.tidy` would make it
 * look for tensors among their elements, one by one.)
 */
import * as tf from "@tensorflow/tfjs-core"

export const computed = (compute: () => tf.Tensor): Float32Array => {
  const tensor = tf.tidy(compute)
  const values = tensor.dataSync<"float32">()
  tensor.dispose()
  return values
}
