/**
 * A stitched SAE on its way from the small to the large one: its MSE, exactly, under any flip of latents.
 *
 * With a in {0,1}^P the latents present, Q_ij = E[f_i f_j] w_i . w_j and b the output bias,
 *   MSE(a, b) = E|x - b|^2 - 2 sum_j a_j E[f_j (x - b) . w_j] + a' Q a.
 * `slope` is half its gradient by a: h_j = E[f_j (x_hat - x) . w_j]. Flipping a set s (entries +1 or -1) while b moves
 * by c delta changes it by
 *   2 h.s + s'Qs + 2c (g + sum_j s_j E[f_j] w_j . delta) + c^2 |delta|^2,   g = E[x_hat - x] . delta,
 * cross terms included.
 */
import type { Flip } from "./flip.ts"
import { interactionsOf } from "./interactions.ts"
import type { StitchData } from "./stitch-pass.ts"

export interface StitchState {
  /** Mean squared error now. */
  readonly mse: () => number
  readonly l0: () => number
  readonly size: () => number
  /** 1 for the latents present. */
  readonly present: Uint8Array
  /** Share of the way from the small SAE's b_dec to the large one's. */
  readonly biasShare: () => number
  /** s'Qs of a flip: does not depend on the state, so it is asked for once. */
  readonly curvature: (flip: Flip) => number
  /**
   * The bias step in [0, what is left] that makes the MSE after a flip smallest: the minimum of a parabola. O(flip size).
   */
  readonly bestBiasStep: (flip: Flip) => number
  /** Change of the MSE by a flip while the bias moves by `biasStep` of the way. O(flip size). */
  readonly change: (flip: Flip, curvature: number, biasStep: number) => number
  readonly apply: (flip: Flip, curvature: number, biasStep: number) => void
}

export const stitchState = (data: StitchData): StitchState => {
  const { W_dec, mean, density } = data
  const d = data.small.d_in
  const m = data.small.d_sae
  const P = m + data.large.d_sae
  const slope = data.slope.slice()
  const present = new Uint8Array(P)
  present.fill(1, 0, m)

  const delta = Float64Array.from({ length: d }, (_, i) => data.large.b_dec[i]! - data.small.b_dec[i]!)
  let deltaNorm = 0
  let biasGradient = 0
  for (let i = 0; i < d; i++) {
    deltaNorm += delta[i]! * delta[i]!
    biasGradient += data.bias[i]! * delta[i]!
  }
  /** E[f_j] w_j . delta */
  const alongDelta = new Float64Array(P)
  for (let j = 0; j < P; j++) {
    let dot = 0
    for (let i = 0; i < d; i++) dot += W_dec[j * d + i]! * delta[i]!
    alongDelta[j] = mean[j]! * dot
  }
  let mse = data.mse
  let share = 0
  let size = m
  let l0 = 0
  for (let j = 0; j < m; j++) l0 += density[j]!

  const { curvature, addTo } = interactionsOf(data)

  const change = ({ latents, signs }: Flip, curvature: number, biasStep: number): number => {
    let linear = 0
    let along = 0
    for (let n = 0; n < latents.length; n++) {
      linear += signs[n]! * slope[latents[n]!]!
      along += signs[n]! * alongDelta[latents[n]!]!
    }
    return 2 * linear + curvature + 2 * biasStep * (biasGradient + along) + biasStep * biasStep * deltaNorm
  }

  const bestBiasStep = ({ latents, signs }: Flip): number => {
    if (deltaNorm === 0) return 0
    let along = 0
    for (let n = 0; n < latents.length; n++) along += signs[n]! * alongDelta[latents[n]!]!
    return Math.min(1 - share, Math.max(0, -(biasGradient + along) / deltaNorm))
  }

  const apply = (flip: Flip, curvature: number, biasStep: number): void => {
    mse += change(flip, curvature, biasStep)
    flip.latents.forEach((k, n) => {
      const sign = flip.signs[n]!
      if (present[k] === (sign === 1 ? 1 : 0)) throw new RangeError(`latent ${k} is flipped twice`)
      present[k] = sign === 1 ? 1 : 0
      size += sign
      l0 += sign * density[k]!
      biasGradient += sign * alongDelta[k]!
    })
    addTo(slope, flip)
    if (biasStep !== 0) {
      // Shares that ought to add up to 1 do so exactly: the end point is the large SAE itself.
      share = Math.abs(share + biasStep - 1) < 1e-12 ? 1 : share + biasStep
      biasGradient += biasStep * deltaNorm
      for (let j = 0; j < P; j++) slope[j]! += biasStep * alongDelta[j]!
    }
  }

  return {
    bestBiasStep,
    mse: () => mse,
    l0: () => l0,
    size: () => size,
    present,
    biasShare: () => share,
    curvature,
    change,
    apply
  }
}
