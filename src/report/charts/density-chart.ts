/** Histogram of how often latents fire: log10 of the share of rows, one bar per bin. */
import type { EvaluationInfo } from "../../kinds/evaluation/evaluation.ts"
import { formatNumber } from "../page/format-number.ts"
import { histogramChart } from "./histogram-chart.ts"
import type { Html } from "../page/html.ts"

export const densityChart = (evaluation: EvaluationInfo, label: string, index: number): Html =>
  histogramChart({
    ...evaluation.density_histogram,
    caption: `${label}: ${evaluation.dead_latents} dead, ${evaluation.dense_latents} dense`,
    label: `Density histogram of ${label}`,
    axis: "share of rows on which a latent fires",
    format: (value) => `10${superscript(value)}`,
    index
  })

/** -2 -> ⁻², 0.5 -> ^0.5 (a tick between whole powers). */
const superscript = (value: number): string =>
  Number.isInteger(value)
    ? [...String(value)].map((char) => (char === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(char)] as string))).join("")
    : `^${formatNumber(value)}`
