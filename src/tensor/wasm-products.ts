/**
 * tfjs's wasm back end multiplies matrices with SIMD code only as they lie; a transposed operand sends it to a naive loop
 * that is some fifty times slower. Every gradient and every tied product has one, so the products are registered anew:
 * transpose first, then multiply.
 */
import * as tf from "@tensorflow/tfjs-core"

interface ProductInputs {
  readonly a: tf.TensorInfo
  readonly b: tf.TensorInfo
}

/** [.., m, n] -> [.., n, m] */
const swapLast = (x: tf.TensorInfo, backend: object): tf.TensorInfo => {
  const transpose = tf.getKernel("Transpose", "wasm")
  const perm = x.shape.map((_, axis) => axis)
  const last = perm.length - 1
  perm.splice(last - 1, 2, last, last - 1)
  return transpose.kernelFunc({ inputs: { x }, attrs: { perm }, backend }) as tf.TensorInfo
}

const replace = (name: "BatchMatMul" | "_FusedMatMul"): void => {
  const original = tf.getKernel(name, "wasm")
  tf.unregisterKernel(name, "wasm")
  tf.registerKernel({
    ...original,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { a, b } = inputs as unknown as ProductInputs
      const flags = attrs as { readonly transposeA?: boolean; readonly transposeB?: boolean }
      const left = flags.transposeA === true ? swapLast(a, backend) : a
      const right = flags.transposeB === true ? swapLast(b, backend) : b
      const plain = { ...attrs, transposeA: false, transposeB: false }
      const product = original.kernelFunc({ inputs: { ...inputs, a: left, b: right }, attrs: plain, backend })
      const { disposeData } = backend as tf.KernelBackend
      if (left !== a) disposeData.call(backend, left.dataId)
      if (right !== b) disposeData.call(backend, right.dataId)
      return product
    }
  })
}

export const replaceWasmProducts = (): void => {
  replace("BatchMatMul")
  replace("_FusedMatMul")
}
