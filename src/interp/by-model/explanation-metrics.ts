/** Means of the scores over the latents that have them, with 95 % intervals over these latents. */
import type { ExplainedLatent, ExplanationScores } from "../../kinds/explanations.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { type Estimate, estimated, type Unmeasured } from "../../stage/metric.ts"
import { asksModel, isRanking, type RankingScorer, type Scorer, type ScoreOptions } from "./score-latent.ts"

/** What is told of a scorer; `_auc`: by the probabilities that it gives. */
export type FigureName = Scorer | "detection_auc" | "fuzzing_auc"

/** Of one explanation; undefined where it has none. */
export const explanationFigure = (name: FigureName, scores: ExplanationScores): number | undefined => {
  switch (name) {
    case "detection_auc":
      return scores.detection?.auc ?? undefined
    case "fuzzing_auc":
      return scores.fuzzing?.auc ?? undefined
    case "simulation":
      return scores.simulation?.pearson
    case "surprise":
    case "embedding":
      return scores[name]?.auc
    default:
      return scores[name]?.balanced_accuracy
  }
}

const figuresOf = (scorer: Scorer, probabilities: boolean): ReadonlyArray<FigureName> =>
  (scorer === "detection" || scorer === "fuzzing") && probabilities ? [scorer, `${scorer}_auc`] : [scorer]

/** Whether yes and no were read of a latent's texts by that scorer, whatever the probabilities. */
const isJudged = (latents: ReadonlyArray<ExplainedLatent>, scorer: string): boolean =>
  (scorer === "detection" || scorer === "fuzzing") && latents.some(({ scores }) => scores[scorer] !== null)

type Figures = Readonly<Record<string, number | Estimate | Unmeasured>>

const noTexts =
  "no latent has held-out texts that make it fire and others that leave it silent throughout, or no answer could be read"

/** What is missing where a scorer has a score: the numbers that its texts are ranked by. */
const noOdds = "no answer tells the probabilities of 0 and 1: the server gives none, or not of these tokens"

/** Means of some numbers of the same latents; `unmeasured`, where none has them. */
const means = (values: Readonly<Record<string, ReadonlyArray<number>>>, of: string, unmeasured: string): Figures => {
  const names = Object.keys(values)
  const units = values[names[0] as string]?.length ?? 0
  if (units === 0) return Object.fromEntries(names.map((name) => [name, { unmeasured } satisfies Unmeasured]))
  const drawn = (times: ArrayLike<number>): Readonly<Record<string, number>> =>
    Object.fromEntries(names.map((name) => [name, drawnSum(times, values[name] ?? []) / units]))
  const intervals = bootstrapIntervals([units], drawn, Rng.make(0, `intervals of ${of}`))
  const whole = drawn(new Int32Array(units).fill(1))
  return Object.fromEntries(names.map((name) => [name, estimated(whole[name] as number, intervals[name])]))
}

/** `<figure>`, `<figure>_shuffled` and `<figure>_gain`, over the latents that have both, so that they can be compared. */
export const explanationFigures = (
  latents: ReadonlyArray<ExplainedLatent>,
  names: ReadonlyArray<FigureName>
): Figures =>
  Object.assign(
    {},
    ...names.map((name) => {
      const pairs = latents.flatMap(({ scores, shuffled }) => {
        const [own, other] = [explanationFigure(name, scores), explanationFigure(name, shuffled)]
        return own === undefined || other === undefined ? [] : [{ own, other }]
      })
      const values = {
        [name]: pairs.map(({ own }) => own),
        [`${name}_shuffled`]: pairs.map(({ other }) => other),
        [`${name}_gain`]: pairs.map(({ own, other }) => own - other)
      }
      return means(
        values,
        name,
        name.endsWith("_auc") && isJudged(latents, name.replace("_auc", "")) ? noOdds : noTexts
      )
    })
  ) as Figures

/** `<scorer>_contrast`, over the latents that have it. */
export const contrastFigures = (
  latents: ReadonlyArray<ExplainedLatent>,
  scorers: ReadonlyArray<RankingScorer>
): Figures =>
  Object.assign(
    {},
    ...scorers.map((scorer) => {
      const values = latents.flatMap(({ contrast }) => contrast?.[scorer] ?? [])
      const reason = isJudged(latents, scorer) ? noOdds : noTexts
      return means({ [`${scorer}_contrast`]: values }, `${scorer} contrast`, reason)
    })
  ) as Figures

/** Those figures, and `<scorer>_contrast`. */
export const explanationMetrics = (
  latents: ReadonlyArray<ExplainedLatent>,
  { scorers, probabilities }: Pick<ScoreOptions, "scorers" | "probabilities">
): Figures => {
  const contrasted = scorers.filter(isRanking).filter((scorer) => probabilities || !asksModel(scorer))
  const names = scorers.flatMap((scorer) => figuresOf(scorer, probabilities))
  return { ...explanationFigures(latents, names), ...contrastFigures(latents, contrasted) }
}
