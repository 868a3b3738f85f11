/** Which rows of a stored tensor are meant, and in which order, whatever their numbers are stored as. */
import type { StoredTensor } from "./blocks/parameter-source.ts"

/**
 * @param count rows that the tensor has
 * @returns the row that stands at each place of what is wanted; undefined: all rows as they are
 */
const rowOrder = ({ rows, interleaved }: StoredTensor, count: number): Int32Array | undefined => {
  if (rows === undefined && interleaved === undefined) return undefined
  const range = rows ?? { from: 0, count }
  const { heads, parts } = interleaved ?? { heads: 1, parts: 1 }
  const size = range.count / heads / parts
  return Int32Array.from({ length: range.count }, (_, target) => {
    const part = Math.floor(target / (heads * size))
    const head = Math.floor(target / size) % heads
    const row = (head * parts + part) * size + (target % size)
    return range.from + row * (range.step ?? 1)
  })
}

/** The rows that are meant, of `count` in `values`: f32, or bytes. */
export const orderedRows = <T extends Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(
  values: T,
  stored: StoredTensor,
  count: number
): { readonly values: T; readonly rows: number } => {
  const order = rowOrder(stored, count)
  if (order === undefined) return { values, rows: count }
  const width = values.length / count
  const result = values.slice(0, order.length * width) as T
  for (const [target, row] of order.entries()) {
    result.set(values.subarray(row * width, (row + 1) * width), target * width)
  }
  return { values: result, rows: order.length }
}
