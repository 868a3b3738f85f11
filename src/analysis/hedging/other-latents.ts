/**
 * A control of hedging: old latents of SAEs of other seeds in the place of the new ones. They lie where any latents of these rows lie, which
 * random directions do not, and the narrow SAE gave them nothing back.
 */
import * as Rng from "../../random/rng.ts"
import { partsIn, randomPart, rowChanges, spanOf, unitRowsOf, type HedgingRows } from "./hedging.ts"

export interface OtherLatents {
  /** Of each narrow latent: the part of its change in what drawn latents span, mean over the draws. */
  readonly part: Float64Array
  /** The same of random directions, as a share of any change: mean over the draws. */
  readonly random: number
}

/** Draws of each SAE. */
const draws = 10

/** @param others decoder rows [latents, d] of SAEs of other seeds: as many latents as are new, at least */
export const otherLatents = (rows: HedgingRows, others: ReadonlyArray<Float32Array>): OtherLatents => {
  const { narrow, wide, d } = rows
  const added = (wide.length - narrow.length) / d
  const { moved } = rowChanges(rows)
  const part = new Float64Array(narrow.length / d)
  const times = others.length * draws
  let random = 0
  for (const [n, other] of others.entries()) {
    const unit = unitRowsOf(other, d)
    const rng = Rng.make(0, `latents of SAE ${n} in the place of new ones`)
    for (let draw = 0; draw < draws; draw++) {
      const drawn = new Float64Array(added * d)
      rng
        .permutation(unit.length / d)
        .subarray(0, added)
        .forEach((latent, at) => drawn.set(unit.subarray(latent * d, (latent + 1) * d), at * d))
      const basis = spanOf(drawn, d)
      random += randomPart(basis.length, d) / times
      partsIn(moved, basis, d).forEach((length, i) => (part[i]! += length / times))
    }
  }
  return { part, random }
}
