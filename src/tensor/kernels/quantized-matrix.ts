/**
 * Matrices that stay in memory as a model's file has them, in GGML's types: rows of blocks of small integers with scales, or of half
 * floats. A product makes f32 of 64 rows at a time, in the cache (quantized-product.cc), and sums as `productOfRows` does: its bits
 * are those of the decoded matrix, with any number of threads and any vectors. Where operations of our own are loaded.
 */
import * as tf from "@tensorflow/tfjs-core"
import type { PackedRows } from "../../format/weight-tensors.ts"
import { floatProducts } from "../tensorflow/compiled-ops.ts"
import { bytesTensor, executeSingle, intAttribute } from "../tensorflow/tensorflow-ops.ts"

interface Layout {
  readonly rows: number
  readonly columns: number
  /** Type and number of rows of each part. */
  readonly parts: Int32Array
}

/** No tensor: its numbers are for the functions below alone, and no other operation takes its bytes for them. */
export class QuantizedMatrix {
  readonly bytes: tf.Tensor
  readonly shape: readonly [number, number]
  readonly layout: Layout
  constructor(bytes: tf.Tensor, shape: readonly [number, number], layout: Layout) {
    this.bytes = bytes
    this.shape = shape
    this.layout = layout
  }
  dispose(): void {
    this.bytes.dispose()
  }
}

const joined = (parts: ReadonlyArray<PackedRows>): Uint8Array<ArrayBuffer> => {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only.bytes
  const all = new Uint8Array(parts.reduce((sum, { bytes }) => sum + bytes.length, 0))
  let at = 0
  for (const { bytes } of parts) {
    all.set(bytes, at)
    at += bytes.length
  }
  return all
}

/**
 * The parts' rows, of `columns` numbers each, one part after the other.
 *
 * @param transposed the shape is [columns, rows]: that of a linear layer's weight
 */
export const quantizedMatrix = (
  parts: ReadonlyArray<PackedRows>,
  columns: number,
  transposed = false
): QuantizedMatrix => {
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const shape: [number, number] = transposed ? [columns, rows] : [rows, columns]
  const types = Int32Array.from(parts.flatMap((part) => [part.type, part.rows]))
  return new QuantizedMatrix(bytesTensor(joined(parts), shape), shape, { rows, columns, parts: types })
}

/** Some rows of a quantized matrix, decoded: f32 [wanted, columns]. */
export const quantizedRows = ({ bytes, layout }: QuantizedMatrix, wanted: tf.Tensor1D): tf.Tensor2D =>
  tf.tidy(() => {
    const { columns, parts } = layout
    const attributes = [intAttribute("columns", columns)]
    return executeSingle("QuantizedRows", attributes, [bytes, tf.tensor1d(parts, "int32"), wanted]) as tf.Tensor2D
  })

export interface RowRange {
  readonly first: number
  readonly count: number
}

/** x W^T, of x f32 [n, columns] and the rows of a quantized matrix that are meant: f32 [n, count]. Has a gradient with respect to x. */
export const quantizedProduct = (x: tf.Tensor2D, matrix: QuantizedMatrix, range?: RowRange): tf.Tensor2D => {
  const { rows, parts } = matrix.layout
  const { first, count } = range ?? { first: 0, count: rows }
  const product = (of: tf.Tensor2D): tf.Tensor2D =>
    tf.tidy(() => {
      const attributes = [
        intAttribute("by", floatProducts()),
        intAttribute("first", first),
        intAttribute("count", count)
      ]
      return executeSingle("QuantizedProduct", attributes, [
        of,
        matrix.bytes,
        tf.tensor1d(parts, "int32")
      ]) as tf.Tensor2D
    })
  if (tf.engine().state.gradientDepth === 0) return product(x)
  const differentiable = tf.customGrad((of) => ({
    value: product(of as tf.Tensor2D),
    gradFunc: (dy) => tf.matMul(dy as tf.Tensor2D, quantizedRows(matrix, tf.range(first, first + count, 1, "int32")))
  }))
  return differentiable(x) as tf.Tensor2D
}
