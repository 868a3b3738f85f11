/** The sparse kernels on typed arrays: right everywhere, fast enough beside an encode product of the wasm engine. */
import * as tf from "@tensorflow/tfjs-core"
import { rowSelector, selectLargestOfAll } from "./select-largest.ts"
import type { SparseKernels } from "./sparse-kernels.ts"
import { latentOrder, makePattern, type SparseCodes, withValue } from "./sparse-pattern.ts"

/** Codes from ascending flat positions row * latents + latent of a row-major matrix. */
const codesAt = (flat: Int32Array | Float64Array, pre: Float32Array, rows: number, latents: number): SparseCodes => {
  const rowStart = new Int32Array(rows + 1)
  const latent = new Int32Array(flat.length)
  const value = new Float32Array(flat.length)
  for (let i = 0; i < flat.length; i++) {
    const position = flat[i]!
    const row = Math.floor(position / latents)
    rowStart[row + 1] = rowStart[row + 1]! + 1
    latent[i] = position - row * latents
    value[i] = pre[position]!
  }
  for (let row = 0; row < rows; row++) rowStart[row + 1] = rowStart[row + 1]! + rowStart[row]!
  return withValue(makePattern(latents, rowStart, latent), tf.tensor1d(value, "float32"))
}

export const portableKernels: SparseKernels = {
  topKRows: (pre, k) => {
    const [rows, latents] = pre.shape
    const values = pre.dataSync<"float32">()
    const latent = new Int32Array(rows * k)
    const value = new Float32Array(rows * k)
    const { select, guess } = rowSelector(k, latents)
    for (let row = 0; row < rows; row++) select(values, row * latents, latents, latent, row * k, guess())
    for (let i = 0; i < latent.length; i++) value[i] = values[Math.floor(i / k) * latents + latent[i]!]!
    const rowStart = Int32Array.from({ length: rows + 1 }, (_, row) => row * k)
    return withValue(makePattern(latents, rowStart, latent), tf.tensor1d(value, "float32"))
  },

  topKBatch: (pre, count) => {
    const values = pre.dataSync<"float32">()
    return codesAt(selectLargestOfAll(values, count).positions, values, pre.shape[0], pre.shape[1])
  },

  aboveThreshold: (pre, threshold) => {
    const [rows, latents] = pre.shape
    const values = pre.dataSync<"float32">()
    const limit =
      typeof threshold === "number" ? new Float32Array(latents).fill(threshold) : threshold.dataSync<"float32">()
    const flat: Array<number> = []
    for (let row = 0; row < rows; row++) {
      for (let j = 0; j < latents; j++) if (values[row * latents + j]! > limit[j]!) flat.push(row * latents + j)
    }
    return codesAt(Float64Array.from(flat), values, rows, latents)
  },

  decode: (codes, weights) => {
    const d = weights.shape[1]
    const w = weights.dataSync<"float32">()
    const value = codes.value.dataSync<"float32">()
    const out = new Float32Array(codes.rows * d)
    for (let i = 0; i < value.length; i++) addScaled(out, codes.row[i]! * d, w, codes.latent[i]! * d, value[i]!, d)
    return tf.tensor2d(out, [codes.rows, d])
  },

  activeDots: (pattern, weights, x) => {
    const d = weights.shape[1]
    const w = weights.dataSync<"float32">()
    const xs = x.dataSync<"float32">()
    const out = new Float32Array(pattern.latent.length)
    for (let i = 0; i < out.length; i++) {
      const a = pattern.latent[i]! * d
      const b = pattern.row[i]! * d
      let sum = 0
      for (let c = 0; c < d; c++) sum += w[a + c]! * xs[b + c]!
      out[i] = sum
    }
    return tf.tensor1d(out, "float32")
  },

  scatterToLatents: (pattern, value, x) => {
    const d = x.shape[1]
    const xs = x.dataSync<"float32">()
    const values = value.dataSync<"float32">()
    const out = new Float32Array(pattern.latents * d)
    for (const i of latentOrder(pattern).pair) {
      addScaled(out, pattern.latent[i]! * d, xs, pattern.row[i]! * d, values[i]!, d)
    }
    return tf.tensor2d(out, [pattern.latents, d])
  }
}

/** out[at ..] += factor * from[start ..], d entries; every partial sum is rounded to f32, as in a f32 product. */
const addScaled = (
  out: Float32Array,
  at: number,
  from: Float32Array,
  start: number,
  factor: number,
  d: number
): void => {
  for (let c = 0; c < d; c++) out[at + c] = out[at + c]! + factor * from[start + c]!
}
