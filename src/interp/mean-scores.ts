/** Means over the latents that have a score. */
import type { InterpretationsFile } from "../kinds/interpretations.ts"

export interface MeanScores {
  readonly scored: number
  readonly f1: number
  readonly precision: number
  readonly recall: number
  readonly balancedAccuracy: number
  readonly shuffled: number
  /** Share of the scored latents whose own explanation beats those of others. */
  readonly beating: number
}

/** Undefined where no latent could be scored. */
export const meanScores = ({ latents }: InterpretationsFile): MeanScores | undefined => {
  const scores = latents.flatMap(({ score }) => (score === null ? [] : [score]))
  if (scores.length === 0) return undefined
  const mean = (value: (score: (typeof scores)[number]) => number): number =>
    scores.reduce((sum, score) => sum + value(score), 0) / scores.length
  return {
    scored: scores.length,
    f1: mean(({ f1 }) => f1),
    precision: mean(({ precision }) => precision),
    recall: mean(({ recall }) => recall),
    balancedAccuracy: mean(({ balanced_accuracy }) => balanced_accuracy),
    shuffled: mean(({ shuffled_f1 }) => shuffled_f1),
    beating: mean(({ f1, shuffled_f1 }) => (f1 > shuffled_f1 ? 1 : 0))
  }
}
