/** Host values of a tensor computed in a scope of its own. */
import * as tf from "@tensorflow/tfjs-core"

export const readFloats = (compute: () => tf.Tensor): Float32Array => {
  const tensor = tf.tidy(compute)
  const values = tensor.dataSync<"float32">()
  tensor.dispose()
  return values
}
