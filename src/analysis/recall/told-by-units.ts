/** What units of one block tell (neurons, or latents of its transcoder): the first k of them, and each by itself. */
import type { Estimate, Unmeasured } from "../../stage/metric.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { meanEstimate } from "../mean-estimate.ts"
import { type FactFigure, share } from "./fact-estimates.ts"
import type { HeldOutFacts } from "./held-out-facts.ts"
import { purities, rankNeurons, toldByNeurons } from "./neuron-shares.ts"

/** A unit that is above zero on fewer facts tells nothing of them. */
const leastFacts = 10

export interface ToldByUnits {
  /** By the first k units, those first that part answers furthest. */
  readonly by: ReadonlyArray<{ readonly k: number; readonly own: FactFigure; readonly control: FactFigure }>
  /** Over units that tell something; a text where there are none. */
  readonly purity: number | Estimate | Unmeasured
  readonly purityControl: number | Estimate | Unmeasured
  readonly facts: number | Estimate | Unmeasured
}

/** [rows, d_sae] */
export const denseCodes = ({ rows, d_sae, offsets, latents, values }: LatentCodes): Float32Array => {
  const dense = new Float32Array(rows * d_sae)
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) dense[row * d_sae + latents[i]!] = values[i]!
  }
  return dense
}

/**
 * @param units [facts, width]
 * @param unit its word, for a figure that nothing is measured of
 */
export const toldByUnits = (
  units: Float32Array,
  unit: string,
  { answers, shuffled, classes, fit, test }: HeldOutFacts
): ToldByUnits => {
  const width = units.length / answers.length
  const ranked = rankNeurons(units, width, answers, classes, fit)
  const ks = [...new Set([1, 2, 4, 8, 16, 32, 64, 128, width].filter((k) => k <= width))]
  const accuracy = (k: number, labels: Uint8Array): FactFigure =>
    share(toldByNeurons(units, width, ranked.slice(0, k), labels, classes, { fit, test }))
  const pure = purities(units, width, answers, classes, leastFacts)
  const overUnits = (values: ReadonlyArray<number>) =>
    meanEstimate(values, `no ${unit} is above zero on ${leastFacts} facts`)
  return {
    by: ks.map((k) => ({ k, own: accuracy(k, answers), control: accuracy(k, shuffled) })),
    purity: overUnits(pure.purity),
    purityControl: overUnits(purities(units, width, shuffled, classes, leastFacts).purity),
    facts: overUnits(pure.facts)
  }
}
