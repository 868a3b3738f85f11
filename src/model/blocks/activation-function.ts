/** Activation functions of MLPs, under the names of Hugging Face's configurations. */
import * as tf from "@tensorflow/tfjs-core"
import { activate, type CompiledFunction, modelKernelsApply } from "../../tensor/kernels/model-kernels.ts"

/** f(x + bias) * factor: what an MLP needs of it, gated or not. x [..., n], bias [n], factor of the shape of x. */
export type ActivationFunction = (x: tf.Tensor, bias?: tf.Tensor1D, factor?: tf.Tensor) => tf.Tensor

const made =
  (f: (x: tf.Tensor) => tf.Tensor, compiled?: CompiledFunction): ActivationFunction =>
  (x, bias, factor) => {
    if (compiled !== undefined && modelKernelsApply()) return activate(compiled, x, bias, factor)
    const y = f(bias === undefined ? x : tf.add(x, bias))
    return factor === undefined ? y : tf.mul(y, factor)
  }

/** GELU in the tanh form: 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))), written with the logistic function. */
const geluTanh = made((x) => {
  const scale = 2 * Math.sqrt(2 / Math.PI)
  const inner = tf.mul(x, tf.add(tf.mul(tf.square(x), scale * 0.044715), scale))
  return tf.mul(x, tf.sigmoid(inner))
}, "gelu_tanh")

const gelu = made((x) => tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)), "gelu")

const silu = made((x) => tf.mul(x, tf.sigmoid(x)), "silu")

/** The error function moved and stretched so that it stands near relu^2: mean sqrt(1/2), deviation sqrt(1 / (4 pi)) (MEGA). */
const laplace = made((x) => {
  const [mean, deviation] = [Math.SQRT1_2, Math.sqrt(1 / (4 * Math.PI))]
  return tf.mul(tf.add(tf.erf(tf.div(tf.sub(x, mean), deviation * Math.SQRT2)), 1), 0.5)
})

const functions: Readonly<Record<string, ActivationFunction>> = {
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  gelu_python_tanh: geluTanh,
  gelu_fast: geluTanh,
  gelu_accurate: geluTanh,
  gelu,
  gelu_python: gelu,
  quick_gelu: made((x) => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702)))),
  relu: made(tf.relu),
  relu2: made((x) => tf.square(tf.relu(x))),
  silu,
  swish: silu,
  gelu_10: made((x) => tf.clipByValue(gelu(x), -10, 10)),
  hardswish: made((x) => tf.mul(x, tf.div(tf.relu6(tf.add(x, 3)), 6))),
  laplace,
  leaky_relu: made((x) => tf.leakyRelu(x, 0.01)),
  mish: made((x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  relu6: made(tf.relu6),
  sqrtsoftplus: made((x) => tf.sqrt(tf.softplus(x))),
  tanh: made(tf.tanh),
  sigmoid: made(tf.sigmoid),
  linear: made((x) => x)
}

export const activationFunctionNames: ReadonlyArray<string> = Object.keys(functions)

export const activationFunction = (name: string): ActivationFunction | undefined =>
  Object.hasOwn(functions, name) ? functions[name] : undefined
