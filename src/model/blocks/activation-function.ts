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

const silu: ActivationFunction = (x) => tf.mul(x, tf.sigmoid(x))

const functions: Readonly<Record<string, ActivationFunction>> = {
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_python_tanh: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  gelu,
  gelu_python: gelu,
  quick_gelu: (x) => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702))),
  relu: (x) => tf.relu(x),
  relu2: (x) => tf.square(tf.relu(x)),
  silu,
  swish: silu,
  tanh: (x) => tf.tanh(x),
  sigmoid: (x) => tf.sigmoid(x),
  linear: (x) => x
}

export const activationFunctionNames: ReadonlyArray<string> = Object.keys(functions)

export const activationFunction = (name: string): ActivationFunction | undefined =>
  Object.hasOwn(functions, name) ? functions[name] : undefined
