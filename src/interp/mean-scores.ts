/** Means over the latents that have a score, and how far they would move with other latents. */
import type { InterpretationsFile, InterpretedLatent } from "../kinds/interpretations.ts"
import { bootstrapIntervals, drawnSum, type Interval } from "../numeric/bootstrap.ts"
import * as Rng from "../random/rng.ts"

export interface MeanScores {
  readonly scored: number
  readonly f1: number
  readonly precision: number
  readonly recall: number
  readonly balancedAccuracy: number
  readonly shuffled: number
  /** Share of the scored latents whose own explanation beats those of others. */
  readonly beating: number
  /** F1 of the tokens alone, and what explanations have beyond it; NaN where it was not measured. */
  readonly token: number
  readonly beyondToken: number
}

type Score = NonNullable<InterpretedLatent["score"]>

const figures: Readonly<Record<Exclude<keyof MeanScores, "scored">, (score: Score) => number>> = {
  f1: ({ f1 }) => f1,
  precision: ({ precision }) => precision,
  recall: ({ recall }) => recall,
  balancedAccuracy: ({ balanced_accuracy }) => balanced_accuracy,
  shuffled: ({ shuffled_f1 }) => shuffled_f1,
  beating: ({ f1, shuffled_f1 }) => (f1 > shuffled_f1 ? 1 : 0),
  token: ({ token_f1 }) => token_f1 ?? Number.NaN,
  beyondToken: ({ f1, token_f1 }) => f1 - (token_f1 ?? Number.NaN)
}

const scoresOf = ({ latents }: InterpretationsFile): ReadonlyArray<Score> =>
  latents.flatMap(({ score }) => (score === null ? [] : [score]))

/** Undefined where no latent could be scored. */
export const meanScores = (file: InterpretationsFile): MeanScores | undefined => {
  const scores = scoresOf(file)
  if (scores.length === 0) return undefined
  const mean = (value: (score: Score) => number): number =>
    scores.reduce((sum, score) => sum + value(score), 0) / scores.length
  return {
    scored: scores.length,
    f1: mean(figures.f1),
    precision: mean(figures.precision),
    recall: mean(figures.recall),
    balancedAccuracy: mean(figures.balancedAccuracy),
    shuffled: mean(figures.shuffled),
    beating: mean(figures.beating),
    token: mean(figures.token),
    beyondToken: mean(figures.beyondToken)
  }
}

/** Of each mean, over the scored latents. */
export const meanScoreIntervals = (
  file: InterpretationsFile
): Readonly<Record<Exclude<keyof MeanScores, "scored">, Interval | undefined>> => {
  const scores = scoresOf(file)
  const values = Object.entries(figures).map(([name, value]) => [name, scores.map(value)] as const)
  const intervals = bootstrapIntervals(
    [scores.length],
    (times) => Object.fromEntries(values.map(([name, each]) => [name, drawnSum(times, each) / scores.length])),
    Rng.make(0, "intervals of explanation scores")
  )
  const { f1, precision, recall, balancedAccuracy, shuffled, beating, token, beyondToken } = intervals
  return { f1, precision, recall, balancedAccuracy, shuffled, beating, token, beyondToken }
}
