/** How the share of concepts that have a latent rises with their frequency: the logistic curve of Templeton et al. */
import type { FiguresChart } from "../../kinds/figures.ts"
import { drawnSum } from "../../numeric/bootstrap.ts"
import { fitLogisticCurve } from "../../numeric/logistic-curve.ts"

export interface ConceptScores {
  /** Of each concept: the logarithm of its share of the training rows. */
  readonly logs: Float64Array
  /** 1: it has a latent. */
  readonly has: Float64Array
  readonly f1: Float64Array
}

const endsOf = (logs: Float64Array): readonly [number, number] => [
  logs.reduce((a, b) => Math.min(a, b)),
  logs.reduce((a, b) => Math.max(a, b))
]

/** @param times how often each concept is drawn */
export const curveFigures = (
  { logs, has, f1 }: ConceptScores,
  times: Int32Array = new Int32Array(logs.length).fill(1)
) => {
  const { slope, middle } = fitLogisticCurve(logs, has, times)
  const [least, most] = endsOf(logs)
  // Outside the frequencies that there are, the curve tells nothing.
  const told = slope > 0 && middle > least && middle < most
  return {
    share: drawnSum(times, has) / logs.length,
    mean_f1: drawnSum(times, f1) / logs.length,
    half_frequency: told ? 10 ** middle : Number.NaN,
    slope
  }
}

/** Concepts by quarters of the decimal logarithm of their frequency. */
const binned = (logs: Float64Array, has: Float64Array): ReadonlyArray<{ readonly x: number; readonly y: number }> => {
  const bins = new Map<number, { n: number; yes: number; sum: number }>()
  for (const [i, log] of logs.entries()) {
    const bin = bins.get(Math.floor(log * 4)) ?? { n: 0, yes: 0, sum: 0 }
    bins.set(Math.floor(log * 4), { n: bin.n + 1, yes: bin.yes + has[i]!, sum: bin.sum + log })
  }
  return [...bins].toSorted(([a], [b]) => a - b).map(([, { n, yes, sum }]) => ({ x: 10 ** (sum / n), y: yes / n }))
}

/** The curve beside the words themselves; without it where none can be fitted. */
export const curveChart = ({ logs, has }: ConceptScores): FiguresChart => {
  const curve = fitLogisticCurve(logs, has)
  const [least, most] = endsOf(logs)
  const points = Array.from({ length: 41 }, (_, i) => {
    const at = least + ((most - least) * i) / 40
    return { x: 10 ** at, y: 1 / (1 + Math.exp(-curve.slope * (at - curve.middle))) }
  })
  return {
    title: "Words that have a latent, by frequency",
    x: { label: "share of the training rows", log: true },
    y: { label: "share of the words", log: false },
    series: [
      { name: "words of like frequency", line: false, points: binned(logs, has) },
      ...(Number.isFinite(curve.slope) ? [{ name: "logistic curve", line: true, points }] : [])
    ]
  }
}
