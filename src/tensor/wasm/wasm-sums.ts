/**
 * A repair of tfjs's wasm back end: its sums and means add everything into one f32 (tfjs 4.22.0), so that a sum of squares of
 * 16,384 x 2,304 numbers comes out 6 % too small, and 2^24 ones are all that it can count. Here sums are in f64, rounded once.
 */
import * as tf from "@tensorflow/tfjs-core"

/** What tfjs's wasm back end gives of a tensor without a copy. */
interface HeapBackend extends tf.KernelBackend {
  readonly typedArrayFromHeap: (tensor: tf.TensorInfo) => Float32Array
  readonly makeOutput: (shape: ReadonlyArray<number>, dtype: tf.DataType) => tf.TensorInfo
}

/** Axes that stay, and those that are summed over, ascending. */
const splitAxes = (rank: number, axis: number | ReadonlyArray<number> | null | undefined) => {
  const asked = axis === null || axis === undefined ? [...Array(rank).keys()] : [axis].flat()
  const summed = new Set(asked.map((each) => (each < 0 ? each + rank : each)))
  const all = [...Array(rank).keys()]
  return { kept: all.filter((each) => !summed.has(each)), summed: all.filter((each) => summed.has(each)) }
}

/** Sums of consecutive runs of `size` numbers. */
const sumRuns = (values: Float32Array, size: number, into: Float32Array, scale: number): void => {
  for (let run = 0; run < into.length; run++) {
    let sum = 0
    for (let i = run * size; i < (run + 1) * size; i++) sum += values[i] as number
    into[run] = sum * scale
  }
}

const replaceReduction = (name: "Sum" | "Mean"): void => {
  const original = tf.getKernel(name, "wasm")
  tf.unregisterKernel(name, "wasm")
  tf.registerKernel({
    ...original,
    kernelFunc: (call) => {
      const { x } = call.inputs as { readonly x: tf.TensorInfo }
      const { axis, keepDims } = call.attrs as {
        readonly axis?: number | ReadonlyArray<number> | null
        readonly keepDims?: boolean
      }
      if (x.dtype !== "float32") return original.kernelFunc(call)
      const backend = call.backend as HeapBackend
      const { kept, summed } = splitAxes(x.shape.length, axis)
      const inOrder = summed.every((each, i) => each === kept.length + i)
      const turned = inOrder
        ? x
        : (tf.getKernel("Transpose", "wasm").kernelFunc({
            inputs: { x },
            attrs: { perm: [...kept, ...summed] },
            backend
          }) as tf.TensorInfo)
      const size = summed.reduce((product, each) => product * (x.shape[each] as number), 1)
      const shape =
        keepDims === true
          ? x.shape.map((width, i) => (summed.includes(i) ? 1 : width))
          : kept.map((i) => x.shape[i] as number)
      const output = backend.makeOutput(shape, "float32")
      // Both are looked at only now: whatever allocates may move the memory that they lie in.
      sumRuns(
        backend.typedArrayFromHeap(turned),
        size,
        backend.typedArrayFromHeap(output),
        name === "Mean" ? 1 / size : 1
      )
      if (turned !== x) backend.disposeData(turned.dataId)
      return output
    }
  })
}

export const replaceWasmSums = (): void => {
  replaceReduction("Sum")
  replaceReduction("Mean")
}
