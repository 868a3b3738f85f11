/** Histogram of how often latents fire: log10 of the share of rows, one bar per bin. */
import type { EvaluationInfo } from "../../kinds/evaluation/evaluation-handle.ts"
import { formatNumber } from "../page/format-number.ts"
import { histogramChart } from "./histogram-chart.ts"
import type { Html } from "../page/html.ts"

export const densityChart = (evaluation: EvaluationInfo, label: string, index: number): Html =>
  histogramChart({
    ...possible(evaluation),
    caption: `${label}: ${evaluation.dead_latents} dead, ${evaluation.dense_latents} dense`,
    label: `Density histogram of ${label}`,
    axis: "share of rows on which a latent fires",
    format: (value) => `10${superscript(value)}`,
    index
  })

/** Bars wide enough to be seen and pointed at. */
const MOST_BINS = 24

/** A latent that fires at all fires on one row: bins below one of N rows are left out, and narrow ones put together. */
const possible = ({ density_histogram: { edges, counts }, rows }: EvaluationInfo) => {
  const lowest = -Math.log10(Math.max(1, rows))
  const filled = counts.findIndex((count) => count > 0)
  const reachable = edges.findIndex((_, i) => (edges[i + 1] ?? 0) > lowest)
  const first = Math.max(0, filled < 0 ? reachable : Math.min(reachable, filled))
  const together = Math.ceil((counts.length - first) / MOST_BINS)
  const starts = Array.from({ length: Math.ceil((counts.length - first) / together) }, (_, i) => first + i * together)
  return {
    edges: [...starts.map((start) => edges[start] as number), edges.at(-1) as number],
    counts: starts.map((start) => counts.slice(start, start + together).reduce((sum, count) => sum + count, 0))
  }
}

/** -2 -> ⁻², 0.5 -> ^0.5 (a tick between whole powers). */
const superscript = (value: number): string =>
  Number.isInteger(value)
    ? [...String(value)].map((char) => (char === "-" ? "⁻" : ("⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(char)] as string))).join("")
    : `^${formatNumber(value)}`
