/**
 * One SAE of the latents of several ("Frankenstein" SAEs: "Stitching SAEs of different sizes", LessWrong, July 2024): latents of
 * the others come in, each time the one that now lowers the MSE most, while any lowers it; then those leave whose loss costs
 * least, until there are no more than asked for and no loss lowers the MSE. At last b_dec becomes the one that makes the MSE
 * smallest, where the post trains it again.
 *
 * All of it is the quadratic form of `StitchState`. The published way inserts all latents that are novel to the first SAE
 * alone; re-evaluation keeps two others from bringing the same feature twice.
 */
import type { StitchData } from "./stitch-pass.ts"
import type { Flip } from "./flip.ts"
import { stitchState } from "./stitch-state.ts"

export interface MergedLatents {
  /** 1 for the latents that are in it, in the common numbering of `StitchData`. */
  readonly present: Uint8Array
  readonly b_dec: Float32Array<ArrayBuffer>
  readonly mse: number
  /** Before b_dec is moved. */
  readonly mse_before_bias: number
  readonly l0: number
  /** Latents of the others that came in, and latents of either kind that left. */
  readonly inserted: number
  readonly removed: number
}

/**
 * @param most latents of the result at most; null: as many as lower the MSE
 * @param onStep is told of every latent that came or went
 */
export const mergeLatents = (
  data: StitchData,
  most: number | null,
  onStep: (inserted: number, removed: number) => void = () => {}
): MergedLatents => {
  const { small, large, mean, energy, density, W_dec } = data
  const m = small.d_sae
  const P = m + large.d_sae
  const d = small.d_in
  const state = stitchState(data)
  const flip = (latent: number, sign: 1 | -1): Flip => ({ latents: [latent], signs: [sign] })
  let [inserted, removed] = [0, 0]

  /** The one of the pool whose flip changes the MSE least upwards. */
  const take = (pool: Array<Flip>, wanted: (change: number) => boolean): boolean => {
    let [best, least] = [-1, Number.POSITIVE_INFINITY]
    for (const [n, one] of pool.entries()) {
      const change = state.change(one, energy[one.latents[0]!]!, 0)
      if (change < least) [best, least] = [n, change]
    }
    if (best < 0 || !wanted(least)) return false
    const one = pool[best]!
    state.apply(one, energy[one.latents[0]!]!, 0)
    pool[best] = pool.at(-1)!
    pool.pop()
    return true
  }

  const candidates: Array<Flip> = []
  for (let j = m; j < P; j++) if (density[j]! > 0) candidates.push(flip(j, 1))
  while (take(candidates, (change) => change < 0)) onStep(++inserted, removed)
  const here = Array.from(state.present.keys()).filter((j) => state.present[j] === 1)
  const members = here.map((j) => flip(j, -1))
  while (take(members, (change) => change < 0 || (most !== null && state.size() > most))) onStep(inserted, ++removed)

  // E x, and what the latents that are in it give on average: b_dec makes up the difference.
  const b = new Float64Array(d)
  for (let i = 0; i < d; i++) b[i] = small.b_dec[i]! - data.bias[i]!
  const moved = Float64Array.from(small.b_dec)
  for (let j = 0; j < P; j++) {
    const there = state.present[j]!
    const wasThere = j < m ? 1 : 0
    if (there === 0 && wasThere === 0) continue
    for (let i = 0; i < d; i++) b[i]! += mean[j]! * (wasThere - there) * W_dec[j * d + i]!
  }
  let gained = 0
  for (let i = 0; i < d; i++) gained += (b[i]! - moved[i]!) ** 2
  return {
    present: state.present,
    b_dec: Float32Array.from(b),
    mse: state.mse() - gained,
    mse_before_bias: state.mse(),
    l0: state.l0(),
    inserted,
    removed
  }
}
