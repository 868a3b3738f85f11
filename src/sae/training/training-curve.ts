/** The course of a training: figures of steps at even distances, and of the last one. */
import type { SaeCurve } from "../../kinds/sae/sae-handle.ts"
import type { StepMetrics } from "./sae-trainer.ts"

/** As a checkpoint holds it, one array a figure. */
export type CurveState = Record<string, Array<number>>

export interface TrainingCurve {
  /** Of a step that was done, if it is one of the curve. */
  readonly add: (step: number, metrics: StepMetrics) => void
  /** 1 - E|x - x_hat|^2 / variance. */
  readonly explainedVariance: (metrics: Pick<StepMetrics, "mse">) => number
  readonly values: (name: string) => ReadonlyArray<number>
  /** Mean over the last tenth. */
  readonly last: (name: string) => number
  readonly exportState: () => CurveState
  readonly restoreState: (state: CurveState) => void
  /** step, rows, lr, loss, mse (in the scale of the rows), aux_loss, l0, explained_variance, dead. */
  readonly finished: () => SaeCurve
}

/** Points of a curve. */
const points = 250

/**
 * @param run steps, and rows of each
 * @param rows the scale that training works in, and the variance of what is reconstructed in it
 */
export const makeTrainingCurve = (
  run: { readonly steps: number; readonly batch_rows: number },
  rows: { readonly scale: number; readonly variance: number }
): TrainingCurve => {
  const every = Math.max(1, Math.floor(run.steps / points))
  let curve: CurveState = {}
  const explainedVariance: TrainingCurve["explainedVariance"] = ({ mse }) => 1 - mse / rows.variance
  const values = (name: string): ReadonlyArray<number> => curve[name] ?? []
  return {
    explainedVariance,
    values,
    add: (step, metrics) => {
      if (step % every !== 0 && step !== run.steps) return
      // Who multiplied says how many candidates there are; the curve is the same for all.
      const { mse, candidates: _, ...rest } = metrics
      const figures = {
        step,
        rows: step * run.batch_rows,
        ...rest,
        mse: mse * rows.scale ** 2,
        explained_variance: explainedVariance(metrics)
      }
      for (const [name, value] of Object.entries(figures)) (curve[name] ??= []).push(value)
    },
    last: (name) => {
      const tail = values(name).slice(-Math.max(1, Math.floor(values(name).length / 10)))
      return tail.reduce((sum, value) => sum + value, 0) / tail.length
    },
    exportState: () => curve,
    restoreState: (state) => {
      curve = state
    },
    finished: () => Object.fromEntries(Object.entries(curve).map(([name, each]) => [name, Float64Array.from(each)]))
  }
}
