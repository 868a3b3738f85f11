/**
 * Two repairs of tfjs's wasm back end, made by registering its matrix products anew.
 * Speed: it multiplies with SIMD code only as the operands lie; a transposed one (every gradient and every tied product
 * has one) sends it to a naive loop, some fifty times slower. Here it is transposed first.
 * Correctness: its fused product adds a wrong bias to all rows but the first when an operand is transposed or batched
 * (tfjs 4.22.0). Here the bias is added by the ordinary addition.
 */
import * as tf from "@tensorflow/tfjs-core"

type Inputs = Readonly<Record<string, tf.TensorInfo>>

const run = (
  kernel: string,
  inputs: Inputs,
  attrs: Readonly<Record<string, unknown>>,
  backend: object
): tf.TensorInfo =>
  tf.getKernel(kernel, "wasm").kernelFunc({
    inputs: inputs as tf.NamedTensorInfoMap,
    attrs: attrs as unknown as tf.NamedAttrMap,
    backend
  }) as tf.TensorInfo

const free = (tensor: tf.TensorInfo, backend: object): void => {
  ;(backend as tf.KernelBackend).disposeData(tensor.dataId)
}

/** [.., m, n] -> [.., n, m] */
const swapLast = (x: tf.TensorInfo, backend: object): tf.TensorInfo => {
  const last = x.shape.length - 1
  const perm = [...x.shape.keys()].slice(0, -2).concat(last, last - 1)
  return run("Transpose", { x }, { perm }, backend)
}

const replaceProduct = (): void => {
  const original = tf.getKernel("BatchMatMul", "wasm")
  tf.unregisterKernel("BatchMatMul", "wasm")
  tf.registerKernel({
    ...original,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { a, b } = inputs as { readonly a: tf.TensorInfo; readonly b: tf.TensorInfo }
      const { transposeA, transposeB } = attrs as { readonly transposeA: boolean; readonly transposeB: boolean }
      const left = transposeA ? swapLast(a, backend) : a
      const right = transposeB ? swapLast(b, backend) : b
      const plain = { transposeA: false, transposeB: false }
      const product = original.kernelFunc({ inputs: { a: left, b: right }, attrs: plain, backend })
      if (left !== a) free(left, backend)
      if (right !== b) free(right, backend)
      return product
    }
  })
}

const activationKernels: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  sigmoid: "Sigmoid"
}

const replaceFusedProduct = (): void => {
  const original = tf.getKernel("_FusedMatMul", "wasm")
  tf.unregisterKernel("_FusedMatMul", "wasm")
  tf.registerKernel({
    ...original,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { a, b, bias } = inputs as {
        readonly a: tf.TensorInfo
        readonly b: tf.TensorInfo
        readonly bias?: tf.TensorInfo
      }
      const { transposeA, transposeB, activation } = attrs as {
        readonly transposeA: boolean
        readonly transposeB: boolean
        readonly activation: string
      }
      const then = (x: tf.TensorInfo, next: tf.TensorInfo): tf.TensorInfo => {
        free(x, backend)
        return next
      }
      let result = run("BatchMatMul", { a, b }, { transposeA, transposeB }, backend)
      if (bias !== undefined) result = then(result, run("Add", { a: result, b: bias }, {}, backend))
      if (activation === "linear") return result
      const kernel = activationKernels[activation]
      if (kernel === undefined)
        throw new Error(`a fused product with activation ${activation} is not supported on wasm`)
      return then(result, run(kernel, { x: result }, {}, backend))
    }
  })
}

export const replaceWasmProducts = (): void => {
  replaceProduct()
  replaceFusedProduct()
}
