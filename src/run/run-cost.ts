/** The account of a run: what its stages cost, and what its hits saved. */
import type { Cost, RunFinished, StageOutcome } from "./event.ts"

const NOTHING: Cost = { seconds: 0, cpuSeconds: 0, gpuSeconds: 0, unmeasured: 0 }

const add = (sum: Cost, seconds: number, cost: StageOutcome["cost"]): Cost => ({
  seconds: sum.seconds + seconds,
  cpuSeconds: sum.cpuSeconds + (cost?.cpuSeconds ?? 0),
  gpuSeconds: sum.gpuSeconds + (cost?.gpuSeconds ?? 0),
  unmeasured: sum.unmeasured + (cost === null ? 1 : 0)
})

export const runCost = (stages: ReadonlyArray<StageOutcome>): RunFinished["cost"] => ({
  spent: stages
    .filter(({ status }) => status === "ran" || status === "failed")
    .reduce((sum, { seconds, cost }) => add(sum, seconds, cost), NOTHING),
  saved: stages
    .filter(({ status }) => status === "hit")
    .reduce((sum, { savedSeconds, cost }) => add(sum, savedSeconds ?? 0, cost), NOTHING)
})
