/**
 * The one pass over held-out rows that stitching needs.
 *
 * Source: Leask et al. 2502.04878 (stitching); closed form: with e = x - x_hat of the small SAE, adding latent j alone
 * changes the MSE by E[f_j^2] |w_j|^2 - 2 E[f_j (e . w_j)], so one reconstruction a row serves every j at once. The
 * codes are kept (tens of entries a row): with them the MSE of any subset of latents of both SAEs is a quadratic form
 * that `StitchState` follows exactly.
 *
 * Latents must be self-contained: f_j depends on x and its own encoder alone, so per-row TopK has to
 * be replaced by a threshold first (`topkThreshold`, `withThreshold`).
 *
 * Numbering: latents of the small SAE first (0 .. m-1), then those of the large one (m .. m+M-1).
 */
import { activationType } from "../../kinds/sae/latents/latents.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { LatentCodes } from "../latent-codes.ts"

export interface StitchData {
  readonly small: SaeWeights
  readonly large: SaeWeights
  readonly rows: number
  /** Codes of both SAEs, batch by batch, in the common numbering. */
  readonly batches: ReadonlyArray<LatentCodes>
  /** Decoder rows in the common numbering, f64 [m + M, d_in]. */
  readonly W_dec: Float64Array
  /** Mean squared error of the small SAE, summed over dimensions. */
  readonly mse: number
  /** E|x|^2 - |E x|^2. */
  readonly variance: number
  /** E[x_hat - x] of the small SAE, [d_in]. */
  readonly bias: Float64Array
  /** Per latent: E[f]. */
  readonly mean: Float64Array
  /** Per latent: E[f^2] |w|^2. */
  readonly energy: Float64Array
  /** Per latent: P(f > 0). */
  readonly density: Float64Array
  /** Per latent: E[f (x_hat - x) . w] for the small SAE's x_hat: half the slope of the MSE. */
  readonly slope: Float64Array
}

/** Change of the small SAE's MSE when latent j of the large SAE alone is added, for all j. */
export const deltaMse = (data: StitchData): Float64Array => {
  const m = data.small.d_sae
  return Float64Array.from({ length: data.large.d_sae }, (_, j) => data.energy[m + j]! + 2 * data.slope[m + j]!)
}

const joined = (a: LatentCodes, b: LatentCodes): LatentCodes => {
  const offsets = new Uint32Array(a.rows + 1)
  const latents = new Uint32Array(a.latents.length + b.latents.length)
  const values = new Float32Array(latents.length)
  let size = 0
  for (let r = 0; r < a.rows; r++) {
    const [a0, a1, b0, b1] = [a.offsets[r]!, a.offsets[r + 1]!, b.offsets[r]!, b.offsets[r + 1]!]
    latents.set(a.latents.subarray(a0, a1), size)
    values.set(a.values.subarray(a0, a1), size)
    size += a1 - a0
    for (let i = b0; i < b1; i++) {
      latents[size] = a.d_sae + b.latents[i]!
      values[size++] = b.values[i]!
    }
    offsets[r + 1] = size
  }
  return { rows: a.rows, d_sae: a.d_sae + b.d_sae, offsets, latents, values }
}

export interface StitchPass {
  /** @param x [rows, d_in]; the codes are those of the two SAEs on these rows */
  readonly add: (x: Float32Array, codes: { readonly small: LatentCodes; readonly large: LatentCodes }) => void
  readonly finish: () => StitchData
}

/** Rows are added batch by batch, so that no more than one batch of them is in memory. */
export const stitchPass = (small: SaeWeights, large: SaeWeights): StitchPass => {
  for (const sae of [small, large]) {
    if (activationType(sae.activation).activations !== "independent") {
      throw new RangeError(`a ${sae.activation.type} SAE needs a threshold before it is stitched`)
    }
  }
  if (small.d_in !== large.d_in) {
    throw new RangeError(`the SAEs read different widths: d_in ${small.d_in} and ${large.d_in}`)
  }
  const d = small.d_in
  const m = small.d_sae
  const P = m + large.d_sae
  const W_dec = new Float64Array(P * d)
  W_dec.set(small.W_dec)
  W_dec.set(large.W_dec, m * d)
  const batches: Array<LatentCodes> = []
  const [mean, energy, density, slope] = [0, 1, 2, 3].map(() => new Float64Array(P)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array
  ]
  const bias = new Float64Array(d)
  const sum = new Float64Array(d)
  // Variance about a fixed row (the first), so that a large common mean costs no digits.
  let origin: Float32Array | undefined
  let squares = 0
  let errors = 0
  let rows = 0
  const excess = new Float64Array(d)

  const add: StitchPass["add"] = (x, parts) => {
    if (parts.small.rows * d !== x.length || parts.large.rows * d !== x.length) {
      throw new RangeError(`${x.length} numbers and codes of ${parts.small.rows} and ${parts.large.rows} rows`)
    }
    const codes = joined(parts.small, parts.large)
    batches.push(codes)
    rows += codes.rows
    origin ??= x.slice(0, d)
    const { offsets, latents, values } = codes
    for (let r = 0; r < codes.rows; r++) {
      const row = r * d
      for (let i = 0; i < d; i++) excess[i] = small.b_dec[i]! - x[row + i]!
      const start = offsets[r]!
      const end = offsets[r + 1]!
      for (let at = start; at < end && latents[at]! < m; at++) {
        const f = values[at]!
        const w = latents[at]! * d
        for (let i = 0; i < d; i++) excess[i]! += f * W_dec[w + i]!
      }
      let error = 0
      for (let i = 0; i < d; i++) {
        const e = excess[i]!
        const centred = x[row + i]! - origin[i]!
        error += e * e
        bias[i]! += e
        sum[i]! += centred
        squares += centred * centred
      }
      errors += error
      for (let at = start; at < end; at++) {
        const j = latents[at]!
        const f = values[at]!
        const w = j * d
        let dot = 0
        for (let i = 0; i < d; i++) dot += excess[i]! * W_dec[w + i]!
        mean[j]! += f
        energy[j]! += f * f
        density[j]! += 1
        slope[j]! += f * dot
      }
    }
  }

  const finish = (): StitchData => {
    if (rows === 0) throw new RangeError("stitching needs at least one row")
    for (let j = 0; j < P; j++) {
      let norm = 0
      for (let i = j * d; i < (j + 1) * d; i++) norm += W_dec[i]! * W_dec[i]!
      mean[j]! /= rows
      energy[j] = (energy[j]! / rows) * norm
      density[j]! /= rows
      slope[j]! /= rows
    }
    let squaredMean = 0
    for (let i = 0; i < d; i++) {
      bias[i]! /= rows
      squaredMean += (sum[i]! / rows) ** 2
    }
    const variance = squares / rows - squaredMean
    return { small, large, rows, batches, W_dec, mse: errors / rows, variance, bias, mean, energy, density, slope }
  }
  return { add, finish }
}
