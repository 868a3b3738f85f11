/** Rate and remaining time of a stage, in one place: stages say what is done, everybody else reads the result. */
import type { Metrics } from "../../artifact/artifact.ts"
import type { Progress } from "../../stage/progress.ts"
import type { ProgressReading } from "../job.ts"

/** Five readings a second are as many as an eye can use. */
const INTERVAL_MS = 200
/** Long enough to be steady, short enough to follow a stage that becomes slower. */
const WINDOW_MS = 30_000

/**
 * Takes every report and gives a reading at most every 200 ms, the first and the complete one always.
 * @param now milliseconds, monotonic
 */
export const makeProgressMeter = (now: () => number): ((progress: Progress) => ProgressReading | undefined) => {
  let samples: Array<{ readonly at: number; readonly done: number }> = []
  let last: { readonly at: number; readonly progress: Progress } | undefined
  return (progress) => {
    const at = now()
    const { done, total, unit, metrics = {} } = progress
    // Another unit or total is another phase, and a count that falls is a new start: their rates say nothing of each other.
    const before = last?.progress
    const isNew = before === undefined || before.unit !== unit || before.total !== total || done < before.done
    if (isNew) samples = [{ at, done }]
    else if (last !== undefined && at - last.at < INTERVAL_MS && (done < total || before.done >= total))
      return undefined
    else {
      samples.push({ at, done })
      // The oldest sample is kept just outside the window, so that slow stages have a rate too.
      while (samples.length > 2 && at - (samples[1]?.at ?? at) >= WINDOW_MS) samples.shift()
    }
    last = { at, progress }
    const first = samples[0] ?? { at, done }
    const rate = at > first.at && done > first.done ? ((done - first.done) * 1000) / (at - first.at) : null
    const eta = done >= total ? 0 : rate === null ? null : (total - done) / rate
    return { done, total, unit, rate, eta, metrics: finite(metrics) }
  }
}

/** Events are JSON, which has no NaN; a loss that is not finite is the stage's to report as a failure. */
const finite = (metrics: Metrics): Metrics =>
  Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)))
