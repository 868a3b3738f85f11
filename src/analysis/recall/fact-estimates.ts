/** Figures over facts, each with its interval: facts are what is drawn. */
import type { FiguresPoint } from "../../kinds/figures.ts"
import { bootstrapIntervals, drawnSum } from "../../numeric/bootstrap.ts"
import * as Rng from "../../random/rng.ts"
import { type Estimate, estimated } from "../../stage/metric.ts"

export type FactFigure = number | Estimate

/** Sum of `values` by sum of `by`. */
export const ratio = (values: ArrayLike<number>, by: ArrayLike<number>): FactFigure => {
  const of = (times: ArrayLike<number>): number => drawnSum(times, values) / drawnSum(times, by)
  const { ratio: interval } = bootstrapIntervals(
    [values.length],
    (times) => ({ ratio: of(times) }),
    Rng.make(0, "intervals over facts")
  )
  return estimated(of(new Int32Array(values.length).fill(1)), interval)
}

export const share = (values: ArrayLike<number>): FactFigure => ratio(values, new Float64Array(values.length).fill(1))

export const valueOf = (found: FactFigure): number => (typeof found === "number" ? found : found.value)

export const pointOf = (x: number, found: FactFigure): FiguresPoint =>
  typeof found === "number" ? { x, y: found } : { x, y: found.value, low: found.low, high: found.high }
