/** Scores by which latents are searched, of held-out documents that count so many times: what is chosen on some is scored on others. */
import { drawnSum } from "../../numeric/bootstrap.ts"
import type { Rng } from "../../random/rng.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { contrasts, latentActivations, meanActivations } from "./found-latents.ts"

/** Held-out rows, and which document each is of, counted from 0. */
export interface HeldRows {
  readonly codes: LatentCodes
  readonly unit: Uint32Array
  readonly units: number
}

export type Scores = (times: ArrayLike<number>) => Float64Array

export interface LatentSearch {
  /** Of every latent. */
  readonly scores: Scores
  /** Of one, the same. */
  readonly score: (latent: number) => (times: ArrayLike<number>) => number
  /** The same of something that was drawn, in the place of what is searched for. */
  readonly drawn: (rng: Rng) => Scores
}

export const heldRows = (codes: LatentCodes, document: ArrayLike<number>): HeldRows => {
  const unitOf = new Map([...new Set(Array.from(document))].map((id, unit) => [id, unit]))
  return { codes, unit: Uint32Array.from(document, (id) => unitOf.get(id)!), units: unitOf.size }
}

/** Sums of what each row has, document by document. */
const byUnit = ({ unit, units }: HeldRows, values: ArrayLike<number>): Float64Array => {
  const sums = new Float64Array(units)
  for (let row = 0; row < unit.length; row++) sums[unit[row]!]! += values[row]!
  return sums
}

/** F1 from what fires and keeps the rule, what fires, and what keeps it; not a number where there is nothing to be found. */
const f1 = (both: number, firing: number, keeping: number): number =>
  keeping === 0 ? Number.NaN : (2 * both) / (firing + keeping)

const f1Scores =
  ({ codes: { rows, d_sae, offsets, latents }, unit }: HeldRows, keeps: Uint8Array): Scores =>
  (times) => {
    const [both, firing] = [new Float64Array(d_sae), new Float64Array(d_sae)]
    let keeping = 0
    for (let row = 0; row < rows; row++) {
      const count = times[unit[row]!]!
      if (count === 0) continue
      keeping += count * keeps[row]!
      for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
        firing[latents[i]!]! += count
        both[latents[i]!]! += count * keeps[row]!
      }
    }
    return both.map((each, latent) => f1(each, firing[latent]!, keeping))
  }

/** By F1 against answers on rows; drawn: the answers, shuffled. */
export const searchByAnswers = (held: HeldRows, keeps: Uint8Array): LatentSearch => ({
  scores: f1Scores(held, keeps),
  score: (latent) => {
    const fires = latentActivations(held.codes, latent).map((activation) => (activation === 0 ? 0 : 1))
    const both = byUnit(
      held,
      fires.map((one, row) => one * keeps[row]!)
    )
    const [firing, keeping] = [byUnit(held, fires), byUnit(held, keeps)]
    return (times) => f1(drawnSum(times, both), drawnSum(times, firing), drawnSum(times, keeping))
  },
  drawn: (rng) =>
    f1Scores(
      held,
      Uint8Array.from(rng.permutation(keeps.length), (row) => keeps[row]!)
    )
})

/** Mean activation of every latent, of documents that count so many times. */
const heldMeans = ({ codes: { rows, d_sae, offsets, latents, values }, unit }: HeldRows, times: ArrayLike<number>) => {
  const sums = new Float64Array(d_sae)
  let counted = 0
  for (let row = 0; row < rows; row++) {
    const count = times[unit[row]!]!
    if (count === 0) continue
    counted += count
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) sums[latents[i]!]! += count * values[i]!
  }
  return sums.map((sum) => sum / counted)
}

/**
 * By mean activation on a text less that on held-out rows, as a share of `largest`; drawn: as many held-out rows in the place of the text.
 *
 * @param own codes of the text
 */
export const searchByText = (held: HeldRows, own: LatentCodes, largest: Float64Array): LatentSearch => {
  const means = meanActivations(own)
  const scoresOf =
    (ofText: Float64Array): Scores =>
    (times) =>
      contrasts(ofText, heldMeans(held, times), largest)
  const rowsOf = byUnit(held, new Uint8Array(held.codes.rows).fill(1))
  return {
    scores: scoresOf(means),
    score: (latent) => {
      const sums = byUnit(held, latentActivations(held.codes, latent))
      return (times) =>
        largest[latent] === 0
          ? 0
          : (means[latent]! - drawnSum(times, sums) / drawnSum(times, rowsOf)) / largest[latent]!
    },
    drawn: (rng) => scoresOf(drawnMeans(held, own.rows, rng))
  }
}

/** Mean activations of so many held-out rows, drawn with replacement. */
export const drawnMeans = ({ codes }: HeldRows, count: number, rng: Rng): Float64Array =>
  meanActivations(
    codes,
    Array.from({ length: count }, () => rng.int(codes.rows))
  )
