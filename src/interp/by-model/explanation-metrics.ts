/** Means of the scores over the latents that have them, with 95 % intervals over these latents. */
import type { ExplainedLatent, ExplanationScores } from "../../kinds/explanations.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import type { Scorer } from "./score-latent.ts"

const figure: Readonly<Record<Scorer, (scores: ExplanationScores) => number | undefined>> = {
  detection: ({ detection }) => detection?.balanced_accuracy,
  fuzzing: ({ fuzzing }) => fuzzing?.balanced_accuracy,
  simulation: ({ simulation }) => simulation?.pearson
}

type Figures = Readonly<Record<string, number | Estimate | Unmeasured>>

/** `<scorer>` and `<scorer>_shuffled`, over the latents that have both, so that they can be compared. */
export const explanationMetrics = (latents: ReadonlyArray<ExplainedLatent>, scorers: ReadonlyArray<Scorer>): Figures =>
  Object.fromEntries(
    scorers.flatMap((scorer): ReadonlyArray<readonly [string, Figures[string]]> => {
      const pairs = latents.flatMap(({ scores, shuffled }) => {
        const [own, other] = [figure[scorer](scores), figure[scorer](shuffled)]
        return own === undefined || other === undefined ? [] : [{ own, other }]
      })
      const names = [scorer, `${scorer}_shuffled`, `${scorer}_gain`] as const
      if (pairs.length === 0) {
        const none = { unmeasured: "no latent fires on enough held-out text, or no answer could be read" }
        return names.map((name) => [name, none])
      }
      const values = [
        pairs.map(({ own }) => own),
        pairs.map(({ other }) => other),
        pairs.map(({ own, other }) => own - other)
      ]
      const means = (times: ArrayLike<number>): Readonly<Record<string, number>> =>
        Object.fromEntries(names.map((name, i) => [name, drawnSum(times, values[i] ?? []) / pairs.length]))
      const intervals = bootstrapIntervals([pairs.length], means, Rng.make(0, `intervals of ${scorer}`))
      const whole = means(new Int32Array(pairs.length).fill(1))
      return names.map((name) => [name, estimated(whole[name] as number, intervals[name])])
    })
  )
