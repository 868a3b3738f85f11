/**
 * Which latents are edited, and how, without anybody's choice: a random sample of those that fire often enough, not densely,
 * and that have two meta-latents at least. The strongest is taken out; put in for it is the strongest that the latent does not have of
 * the latent that shares most of the rest with it (Tokyo without Japan is nearest to Paris without France).
 */
import * as Rng from "../../random/rng.ts"
import type { LatentCodes } from "../latent-codes.ts"

export interface MetaPart {
  readonly id: number
  /** Activation on the unit decoder row. */
  readonly activation: number
}

export interface ChosenEdit {
  readonly latent: number
  readonly out: MetaPart
  /** Undefined: no other latent shares what is left. */
  readonly swap: { readonly latent: number; readonly in: MetaPart } | undefined
}

/** Strongest first. */
const partsOf = ({ offsets, latents, values }: LatentCodes, row: number): ReadonlyArray<MetaPart> =>
  Array.from({ length: offsets[row + 1]! - offsets[row]! }, (_, n) => {
    const at = offsets[row]! + n
    return { id: latents[at]!, activation: values[at]! }
  }).toSorted((a, b) => b.activation - a.activation || a.id - b.id)

/**
 * @param codes of the meta-SAE on the unit decoder rows
 * @param firings how often each latent fires on the rows looked at
 * @param eligible whether a latent may be edited, by its firings
 */
export const chooseEdits = (
  codes: LatentCodes,
  firings: ArrayLike<number>,
  eligible: (firings: number) => boolean,
  most: number,
  seed: number
): ReadonlyArray<ChosenEdit> => {
  const order = Rng.make(seed, "latents that are edited").permutation(codes.rows)
  const chosen = Array.from(order)
    .filter((latent) => eligible(firings[latent]!) && codes.offsets[latent + 1]! - codes.offsets[latent]! >= 2)
    .slice(0, most)
  const all = Array.from({ length: codes.rows }, (_, row) => partsOf(codes, row))
  return chosen.map((latent) => {
    const [out, ...rest] = all[latent]! as [MetaPart, ...Array<MetaPart>]
    const own = new Map(rest.map(({ id, activation }) => [id, activation]))
    let best: ChosenEdit["swap"]
    let most = 0
    for (const [other, parts] of all.entries()) {
      if (other === latent) continue
      const shared = parts.reduce((sum, { id, activation }) => sum + activation * (own.get(id) ?? 0), 0)
      const part = parts.find(({ id }) => id !== out.id && !own.has(id))
      if (part !== undefined && shared > most) {
        best = { latent: other, in: part }
        most = shared
      }
    }
    return { latent, out, swap: best }
  })
}
