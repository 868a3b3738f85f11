/** The headline figures of an SAE: what the summary shows of each, and the means over seeds. */
import { meanScoreIntervals, meanScores } from "../../interp/mean-scores.ts"
import { absorptionUnits } from "../../kinds/absorption.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { intervalOf } from "../../stage/metric.ts"
import { caveatOf } from "../page/absorption-caveats.ts"
import { formatNumber, formatPercent } from "../page/format-number.ts"
import type { Subject } from "../page/subjects.ts"

export interface Figure {
  readonly value: number
  readonly interval?: Interval | undefined
  /** Beside it in grey: what the same measurement gives where there is nothing to find. */
  readonly control?: number
  /** What takes the number back, shown at it. */
  readonly caveat?: string | undefined
}

export interface HeadlineFigure {
  readonly name: string
  readonly title: string
  readonly format: (value: number) => string
  /** What its interval is over. */
  readonly over: string
  /** Whether controls are to be beaten in it. */
  readonly controlled: boolean
  /** A text says why there is no number; undefined: it was not measured. */
  readonly of: (subject: Subject) => Figure | string | undefined
}

const metric =
  (name: string): HeadlineFigure["of"] =>
  ({ evaluation }) => {
    const value = evaluation?.metrics[name]
    return value === undefined
      ? evaluation?.unmeasured[name]
      : { value, interval: intervalOf(evaluation?.metrics ?? {}, name) }
  }

const absorbed =
  (name: "mean_absorption_fraction" | "mean_full_absorption"): HeadlineFigure["of"] =>
  ({ absorption }) =>
    absorption && {
      value: absorption[name],
      interval: absorption.intervals?.[name],
      caveat: caveatOf(absorption)
    }

export const headlineFigures: ReadonlyArray<HeadlineFigure> = [
  {
    name: "L0",
    title: "Active latents a row, held-out rows",
    format: formatNumber,
    over: "held-out documents",
    controlled: false,
    of: metric("l0")
  },
  {
    name: "EV",
    title: "Explained variance on held-out rows: 1 - E|x - x̂|² / E|x - E x|²",
    format: formatNumber,
    over: "held-out documents",
    controlled: true,
    of: metric("explained_variance")
  },
  {
    name: "CE recovered",
    title: "Share of the cross-entropy gap to zero ablation that the reconstruction closes",
    format: formatNumber,
    over: "contexts",
    controlled: true,
    of: metric("ce_recovered")
  },
  {
    name: "Dead",
    title: "Latents that fire on no held-out row",
    format: formatPercent,
    over: "",
    controlled: false,
    of: ({ evaluation, d_sae }) => evaluation && { value: evaluation.dead_latents / d_sae }
  },
  {
    name: "Explanation F1",
    title: "Mean F1 of token-pattern explanations on held-out text; in grey that of other latents' explanations",
    format: formatNumber,
    over: "scored latents",
    controlled: true,
    of: ({ interpretations }) => {
      const scores = interpretations && meanScores(interpretations)
      return interpretations && scores
        ? { value: scores.f1, interval: meanScoreIntervals(interpretations).f1, control: scores.shuffled }
        : undefined
    }
  },
  {
    name: "F1 beyond tokens",
    title: "Mean F1 of token-pattern explanations less that of the tokens alone that a latent fires on",
    format: formatNumber,
    over: "scored latents",
    controlled: true,
    of: ({ interpretations }) => {
      const scores = interpretations && meanScores(interpretations)
      return interpretations && scores && !Number.isNaN(scores.beyondToken)
        ? { value: scores.beyondToken, interval: meanScoreIntervals(interpretations).beyondToken }
        : undefined
    }
  },
  {
    name: "Absorption",
    title:
      "Share of the probe's projection that other latents than the letter's own give (SAEBench), mean over the letters evaluated",
    format: formatPercent,
    over: absorptionUnits.fraction,
    controlled: true,
    of: absorbed("mean_absorption_fraction")
  },
  {
    name: "Full absorption",
    title:
      "Share of words in which one other latent gives 0.4 of the probe's projection or more while the letter's own are silent (SAEBench)",
    format: formatPercent,
    over: absorptionUnits.share,
    controlled: true,
    of: absorbed("mean_full_absorption")
  },
  {
    name: "Absorption rate",
    title:
      "Share of words in which ablating one other latent lowers the letter more than any other while the letter's own are silent (Chanin et al.)",
    format: formatPercent,
    over: absorptionUnits.share,
    controlled: true,
    of: ({ absorption }) =>
      absorption && absorption.mean_absorption_rate !== null
        ? { value: absorption.mean_absorption_rate, interval: absorption.intervals?.["mean_absorption_rate"] }
        : undefined
  },
  {
    name: "Letters",
    title: "Letters whose probe is good enough to evaluate",
    format: formatNumber,
    over: "",
    controlled: false,
    of: ({ absorption }) => absorption && { value: absorption.probe.letters }
  }
]
