/** When training has gone wrong for good, told with what came before and what to try. It is the same on every try. */
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import type { StepMetrics } from "./sae-trainer.ts"
import type { ResolvedOptions } from "../training-options.ts"

/** A reconstruction error of this many times the variance is no longer training. */
const greatestError = 1e3
/** Losses told with the failure: of the last N steps before it, and points of the curve before those. */
const lastSteps = 5
const lastPoints = 5

export interface DivergenceWatch {
  /** Of the step that was done, in order; the failure, if it is one. */
  readonly step: (step: number, metrics: StepMetrics) => StageFailed | undefined
  /** Of a step that could not be done at all. */
  readonly broken: (step: number, what: string) => StageFailed
}

interface Point {
  readonly step: number
  readonly loss: number
}

const told = (points: ReadonlyArray<Point>): string =>
  points.map(({ step, loss }) => `${step}: ${loss.toPrecision(4)}`).join(", ")

const remedy = (options: ResolvedOptions): string => {
  const tries = [`lower lr (it was ${options.lr}; try ${Number((options.lr / 3).toPrecision(2))})`]
  if (options.clip === null) tries.push("set clip: 1")
  if (options.warmup < 0.05) tries.push("set warmup: 0.05")
  if (options.normalize === "none") tries.push("set normalize: mean_square")
  return `To try: ${tries.join("; ")}.`
}

/**
 * @param variance of what is reconstructed, in the scale of training
 * @param curve steps and losses logged so far
 */
export const watchDivergence = (
  options: ResolvedOptions,
  variance: number,
  curve: () => { readonly step: ReadonlyArray<number>; readonly loss: ReadonlyArray<number> }
): DivergenceWatch => {
  let recent: Array<Point> = []
  const failure = (step: number, what: string): StageFailed => {
    const { step: steps, loss } = curve()
    const first = recent[0]?.step ?? step
    const points = steps
      .map((at, i) => ({ step: at, loss: loss[i] as number }))
      .filter((point) => point.step < first)
      .slice(-lastPoints)
    const tail = [...points, ...recent]
    const before = tail.length === 0 ? "" : `; losses before it, by step: ${told(tail)}`
    return stageFailed(`training diverged at step ${step}: ${what}${before}`, remedy(options))
  }
  return {
    step: (step, { loss, mse, lr }) => {
      if (Number.isFinite(loss) && mse <= greatestError * variance) {
        recent = [...recent, { step, loss }].slice(-lastSteps)
        return undefined
      }
      const size = Number.isFinite(loss)
        ? `${Math.round(mse / variance)} times the variance of the rows is missed, `
        : ""
      return failure(step, `${size}the loss is ${loss} at a learning rate of ${lr}`)
    },
    broken: failure
  }
}
