/**
 * Dictionaries that are not trained to be sparse, in the form of an SAE, so that whatever measures an SAE measures them:
 * principal components, independent components, random directions, the neuron basis. A signed coefficient is two latents,
 * one for each sign. Cunningham et al. 2023 (arXiv 2309.08600), section 3, use the same baselines.
 */
import * as tf from "@tensorflow/tfjs-core"
import { fastIca } from "../../numeric/fast-ica.ts"
import { symmetricEigen } from "../../numeric/symmetric-eigen.ts"
import type { SaeActivation, SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { joinBlocks } from "../../numeric/float-blocks.ts"
import { initialWeights } from "../training/initial-weights.ts"
import type { RowSource } from "../../activations/row-source.ts"

export type DictionaryKind = "pca" | "ica" | "random" | "neurons"

export interface DictionaryOptions {
  readonly kind: DictionaryKind
  /** `random`: latents. `pca`, `ica`: components, at most d_in; null: all. */
  readonly size: number | null
  /** Latents kept on every row; null: all that are positive. */
  readonly k: number | null
  readonly seed: number
}

/** Rows of a product at once. */
const step = 4096

interface Moments {
  readonly mean: Float64Array
  /** [d, d] */
  readonly covariance: Float64Array
}

const moments = (rows: RowSource): Moments => {
  const { d_in } = rows
  const mean = new Float64Array(d_in)
  const buffer = new Float32Array(step * d_in)
  const blocks = (visit: (block: Float32Array, count: number) => void): void => {
    for (let first = 0; first < rows.rows; first += step) {
      const count = Math.min(step, rows.rows - first)
      const block = buffer.subarray(0, count * d_in)
      rows.gather(
        Uint32Array.from({ length: count }, (_, i) => first + i),
        block
      )
      visit(block, count)
    }
  }
  blocks((block) => {
    for (let i = 0; i < block.length; i++)
      mean[i % d_in] = (mean[i % d_in] as number) + (block[i] as number) / rows.rows
  })
  const covariance = new Float64Array(d_in * d_in)
  blocks((block, count) => {
    const centred = block.map((x, i) => x - (mean[i % d_in] as number))
    const product = tf.tidy(() => {
      const x = tf.tensor2d(centred, [count, d_in])
      return tf.matMul(x, x, true, false)
    })
    const values = product.dataSync<"float32">()
    product.dispose()
    for (let i = 0; i < values.length; i++)
      covariance[i] = (covariance[i] as number) + (values[i] as number) / rows.rows
  })
  return { mean, covariance }
}

/** Encoder and decoder rows, [n][d_in]; decoder rows have norm one. */
interface Directions {
  readonly encoder: ReadonlyArray<Float64Array>
  readonly decoder: ReadonlyArray<Float64Array>
  readonly mean: Float64Array
  readonly signed: boolean
}

const principal = (rows: RowSource, size: number): Directions => {
  const { d_in } = rows
  const { mean, covariance } = moments(rows)
  const { vectors } = symmetricEigen(covariance, d_in)
  const decoder = Array.from({ length: size }, (_, i) => vectors.slice(i * d_in, (i + 1) * d_in))
  return { encoder: decoder, decoder, mean, signed: true }
}

/** Components with less variance than this share of the largest are noise of the sums, and cannot be whitened. */
const leastVariance = 1e-9
/** Rows that independent components are estimated from. */
const icaRows = 50_000

const independent = (rows: RowSource, size: number, seed: number): Directions | string => {
  const { d_in } = rows
  const { mean, covariance } = moments(rows)
  const { values, vectors } = symmetricEigen(covariance, d_in)
  if (!((values[size - 1] as number) > leastVariance * (values[0] as number))) {
    return `the rows vary in fewer than ${size} directions; ask for fewer components`
  }
  const count = Math.min(rows.rows, icaRows)
  const sample = new Float32Array(count * d_in)
  rows.gather(
    Uint32Array.from({ length: count }, (_, i) => Math.floor((i * rows.rows) / count)),
    sample
  )
  // Whitening: coordinate e is v_e . (x - mean) / sqrt(value_e).
  const whitening = Float32Array.from({ length: size * d_in }, (_, i) => {
    return (vectors[i] as number) / Math.sqrt(values[Math.floor(i / d_in)] as number)
  })
  const whitened = tf.tidy(() => {
    const x = tf.sub<tf.Tensor2D>(tf.tensor2d(sample, [count, d_in]), tf.tensor1d(Float32Array.from(mean)))
    return tf.matMul<tf.Tensor2D>(x, tf.tensor2d(whitening, [size, d_in]), false, true)
  })
  const { directions } = fastIca(whitened, seed)
  whitened.dispose()
  const encoder: Array<Float64Array> = []
  const decoder: Array<Float64Array> = []
  for (let i = 0; i < size; i++) {
    const reads = new Float64Array(d_in)
    const writes = new Float64Array(d_in)
    for (let e = 0; e < size; e++) {
      const w = directions[i * size + e] as number
      const deviation = Math.sqrt(values[e] as number)
      for (let c = 0; c < d_in; c++) {
        const v = vectors[e * d_in + c] as number
        reads[c] = (reads[c] as number) + (w * v) / deviation
        writes[c] = (writes[c] as number) + w * v * deviation
      }
    }
    const norm = Math.hypot(...writes)
    encoder.push(reads.map((x) => x * norm))
    decoder.push(writes.map((x) => x / norm))
  }
  return { encoder, decoder, mean, signed: true }
}

const neurons = (d_in: number): Directions => {
  const decoder = Array.from({ length: d_in }, (_, i) =>
    Float64Array.from({ length: d_in }, (__, c) => (c === i ? 1 : 0))
  )
  return { encoder: decoder, decoder, mean: new Float64Array(d_in), signed: true }
}

const random = (rows: RowSource, size: number, seed: number): Directions => {
  const { d_in } = rows
  const weights = joinBlocks(initialWeights(d_in, size, seed, 1, "random directions"))
  const decoder = Array.from({ length: size }, (_, j) => Float64Array.from(weights.subarray(j * d_in, (j + 1) * d_in)))
  return { encoder: decoder, decoder, mean: moments(rows).mean, signed: false }
}

const directionsOf = (rows: RowSource, { kind, size, seed }: DictionaryOptions): Directions | string => {
  const { d_in } = rows
  const most = size ?? d_in
  if (kind !== "random" && most > d_in)
    return `there are ${d_in} components, fewer than the ${most} asked for; lower size`
  switch (kind) {
    case "pca":
      return principal(rows, most)
    case "ica":
      return independent(rows, most, seed)
    case "neurons":
      return neurons(d_in)
    case "random":
      return random(rows, most, seed)
  }
}

/** The dictionary, or the reason why it cannot be made. */
export const comparisonDictionary = (rows: RowSource, options: DictionaryOptions): SaeWeights | string => {
  const found = directionsOf(rows, options)
  if (typeof found === "string") return found
  const { d_in } = rows
  const signs = found.signed ? [1, -1] : [1]
  const d_sae = found.decoder.length * signs.length
  const { k } = options
  if (k !== null && k > d_sae) return `k is ${k}, more than the ${d_sae} latents; lower k`
  const activation: SaeActivation = k === null ? { type: "relu" } : { type: "topk", k }
  const W_enc = new Float32Array(d_in * d_sae)
  const W_dec = new Float32Array(d_sae * d_in)
  for (const [i, decoder] of found.decoder.entries()) {
    const encoder = found.encoder[i] as Float64Array
    for (const [s, sign] of signs.entries()) {
      const j = i * signs.length + s
      for (let c = 0; c < d_in; c++) {
        W_enc[c * d_sae + j] = sign * (encoder[c] as number)
        W_dec[j * d_in + c] = sign * (decoder[c] as number)
      }
    }
  }
  return {
    d_in,
    d_sae,
    activation,
    apply_b_dec_to_input: true,
    W_enc,
    W_dec,
    b_enc: new Float32Array(d_sae),
    b_dec: Float32Array.from(found.mean),
    threshold: undefined
  }
}
