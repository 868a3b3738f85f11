/** Activation functions of MLPs, under the names of Hugging Face's configurations. */
import * as tf from "@tensorflow/tfjs-core"

export type ActivationFunction = (x: tf.Tensor) => tf.Tensor

/** GELU in the tanh form: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), written with the logistic function. */
const geluTanh: ActivationFunction = (x) => {
  const scale = 2 * Math.sqrt(2 / Math.PI)
  const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), scale * 0.044715), scale))
  return tf.mul(x, tf.sigmoid(inner))
}

const gelu: ActivationFunction = (x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1))

const functions: Readonly<Record<string, ActivationFunction>> = {
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu,
  relu: (x) => tf.relu(x),
  silu: (x) => tf.mul(x, tf.sigmoid(x)),
  swish: (x) => tf.mul(x, tf.sigmoid(x))
}

export const activationFunctionNames: ReadonlyArray<string> = Object.keys(functions)

export const activationFunction = (name: string): ActivationFunction | undefined => functions[name]
