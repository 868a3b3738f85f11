/**
 * Absorption of letters by the paper's definition (Chanin et al. 2409.14507): of each letter's words that could be absorbed,
 * at most `iterations` are ablated, and the absorptions among them are scaled up to all. Rate = absorptions / words whose letter the
 * probe gets right.
 */
import type { AblatedWord, LetterAblation } from "../../kinds/absorption.ts"
import * as Rng from "../../random/rng.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { type AblationThresholds, ablationVerdict } from "./ablation-verdict.ts"
import { mean } from "../../numeric/mean.ts"

export interface AblationSettings extends AblationThresholds {
  /** Words of a letter ablated at most; the paper: 200. */
  readonly ablated_words: number
  readonly seed: number
}

/** A letter's words that could be absorbed: the probe gets them right, its own latents are silent. */
export interface SilentWord {
  readonly row: number
  /** Decoder cosine of a latent with the probe that got it right. */
  readonly cosineOf: (latent: number) => number
}

/** What ablating each latent of some rows does to the model's answer: for each row the latents of the codes, in their order. */
export type Ablate = (rows: ReadonlyArray<number>) => ReadonlyArray<ArrayLike<number>>

/** Words kept per letter in the detailed list, and latents of each. */
const [wordsShown, latentsShown] = [50, 5]

/**
 * @param perLetter for each letter that counts its name, its silent words, and the words whose letter the probe gets right
 * @returns in the order of the letters
 */
export const ablationAbsorption = (
  words: ReadonlyArray<string>,
  codes: LatentCodes,
  perLetter: ReadonlyArray<{
    readonly letter: string
    readonly silent: ReadonlyArray<SilentWord>
    readonly truePositives: number
  }>,
  ablate: Ablate,
  settings: AblationSettings
): ReadonlyArray<LetterAblation> => {
  const drawn = perLetter.map(({ letter, silent }) => {
    if (silent.length <= settings.ablated_words) return silent
    const order = Rng.make(settings.seed, `words of ${letter} to ablate`).permutation(silent.length)
    return Array.from(order.subarray(0, settings.ablated_words), (n) => silent[n]!)
  })
  const effects = ablate(drawn.flatMap((some) => some.map(({ row }) => row)))
  let next = 0
  return perLetter.map(({ silent, truePositives }, n): LetterAblation => {
    const verdicts = drawn[n]!.map(({ row, cosineOf }) => {
      const [from, to] = [codes.offsets[row]!, codes.offsets[row + 1]!]
      const active = { latents: codes.latents.subarray(from, to), values: codes.values.subarray(from, to) }
      return { word: words[row]!, ...ablationVerdict(active, effects[next++]!, cosineOf, settings) }
    })
    const absorbed = verdicts.filter((verdict) => verdict.absorbed)
    const scale = verdicts.length === 0 ? 1 : silent.length / verdicts.length
    return {
      silent_words: silent.length,
      ablated_words: verdicts.length,
      absorptions: absorbed.length,
      absorption_rate: truePositives === 0 ? 0 : (absorbed.length * scale) / truePositives,
      mean_total_effect: verdicts.length === 0 ? null : mean(verdicts.map(({ total }) => total)),
      words: absorbed.slice(0, wordsShown).map(({ word, total, ranked }): AblatedWord => ({
        word,
        total_effect: total,
        top: ranked.slice(0, latentsShown)
      }))
    }
  })
}
