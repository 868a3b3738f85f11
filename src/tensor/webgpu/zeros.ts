/** Tensors of zeros in the thread that owns the GPU. */
import * as tf from "@tensorflow/tfjs-core"

export const filledWithZeros = (backend: object, shape: Array<number>, dtype: tf.DataType): tf.TensorInfo =>
  tf.getKernel("Fill", "webgpu").kernelFunc({
    inputs: {},
    attrs: { shape, value: 0, dtype },
    backend
  }) as tf.TensorInfo

/** tfjs's own sum over nothing divides zero by zero for its shape. */
export const registerEmptySums = (): void => {
  const { kernelFunc } = tf.getKernel("Sum", "webgpu")
  tf.unregisterKernel("Sum", "webgpu")
  tf.registerKernel({
    kernelName: "Sum",
    backendName: "webgpu",
    kernelFunc: (call) => {
      const x = call.inputs["x"] as tf.TensorInfo
      if (tf.util.sizeFromShape(x.shape) > 0) return kernelFunc(call)
      const { axis, keepDims } = call.attrs as { readonly axis: number | Array<number>; readonly keepDims: boolean }
      const summed = new Set(tf.util.parseAxisParam(axis, x.shape))
      const shape = x.shape.flatMap((size, i) => (summed.has(i) ? (keepDims ? [1] : []) : [size]))
      return filledWithZeros(call.backend, shape, x.dtype === "bool" ? "int32" : x.dtype)
    }
  })
}
