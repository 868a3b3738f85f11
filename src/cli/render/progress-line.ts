/** One stage's progress in a line: `300/1000 steps, 45/s, 16 s left, loss 0.12`. */
import type { StageProgress } from "../../run/event.ts"
import { formatMetrics, formatNumber, formatSeconds } from "./words.ts"

export const progressLine = (progress: StageProgress): string =>
  [
    `${Number(progress.done.toFixed(2))}/${progress.total} ${progress.unit}`,
    progress.rate === null ? "" : `${formatNumber(Number(progress.rate.toPrecision(3)))}/s`,
    progress.eta === null ? "" : `${formatSeconds(progress.eta)} left`,
    formatMetrics(progress.metrics)
  ]
    .filter((part) => part !== "")
    .join(", ")
