/** In how many neurons facts stand: how many tell the answer, and whether a neuron is one answer's. */
import { fitClassProbe } from "./class-probe.ts"
import { told } from "./run-facts.ts"

/** Columns of [rows, width]. */
export const columnsOf = (x: Float32Array, width: number, columns: ReadonlyArray<number>): Float32Array => {
  const rows = x.length / width
  const found = new Float32Array(rows * columns.length)
  for (let r = 0; r < rows; r++) {
    for (const [c, column] of columns.entries()) found[r * columns.length + c] = x[r * width + column]!
  }
  return found
}

/** Neurons by how far apart their means of the classes are, in their own standard deviations: the furthest first. */
export const rankNeurons = (
  x: Float32Array,
  width: number,
  labels: Uint8Array,
  classes: number,
  which: ReadonlyArray<number>
): ReadonlyArray<number> => {
  const sizes = new Float64Array(classes)
  const [sums, squares] = [new Float64Array(classes * width), new Float64Array(width)]
  for (const r of which) {
    sizes[labels[r]!]! += 1
    for (let i = 0; i < width; i++) {
      const value = x[r * width + i]!
      sums[labels[r]! * width + i]! += value
      squares[i]! += value * value
    }
  }
  const spread = Float64Array.from({ length: width }, (_, i) => {
    const means = Array.from(sizes, (size, c) => (size === 0 ? 0 : sums[c * width + i]! / size))
    const mean = means.reduce((sum, value, c) => sum + value * sizes[c]!, 0) / which.length
    const deviation = Math.sqrt(Math.max(squares[i]! / which.length - mean * mean, 0))
    return deviation === 0 ? 0 : (Math.max(...means) - Math.min(...means)) / deviation
  })
  return Array.from(spread, (_, i) => i).toSorted((a, b) => spread[b]! - spread[a]! || a - b)
}

/** Accuracy of a probe on the first `k` neurons, by row of `test`. */
export const toldByNeurons = (
  x: Float32Array,
  width: number,
  neurons: ReadonlyArray<number>,
  labels: Uint8Array,
  classes: number,
  { fit, test }: { readonly fit: ReadonlyArray<number>; readonly test: ReadonlyArray<number> }
): ReadonlyArray<number> => {
  const columns = columnsOf(x, width, neurons)
  const probe = fitClassProbe(columns, neurons.length, labels, classes, fit)
  const right = told(probe.scores(columns), labels)
  return test.map((r) => right[r]!)
}

/** Of each neuron that is above zero on `least` facts and more: the share of those facts that have its commonest answer. */
export const purities = (
  x: Float32Array,
  width: number,
  labels: Uint8Array,
  classes: number,
  least: number
): { readonly purity: ReadonlyArray<number>; readonly facts: ReadonlyArray<number> } => {
  const found = { purity: Array<number>(), facts: Array<number>() }
  for (let i = 0; i < width; i++) {
    const counts = Array.from({ length: classes }, () => 0)
    for (let r = 0; r < labels.length; r++) if (x[r * width + i]! > 0) counts[labels[r]!]! += 1
    const all = counts.reduce((sum, count) => sum + count, 0)
    if (all < least) continue
    found.purity.push(Math.max(...counts) / all)
    found.facts.push(all)
  }
  return found
}
