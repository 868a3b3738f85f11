/** An event as a line for people; undefined for one that is not worth a line of its own. */
import { formatReason } from "../../plan/explain.ts"
import type { RunEvent, RunFinished, StageFinished, StageInterrupted, StageStarted } from "../../run/event.ts"
import { progressLine } from "./progress-line.ts"
import { count, formatMetrics, formatSeconds } from "./words.ts"

/** Metrics that a line shows; `pipeline show` has all of them. */
const SHOWN_METRICS = 4

/** What a stage begins a line of its log with that people should see; the rest stands in `pipeline logs`. */
const WARNING = "warning: "

const first = (finished: StageFinished): string =>
  formatMetrics(finished.metrics, Object.keys(finished.metrics).slice(0, SHOWN_METRICS))

const whyStarted = (event: StageStarted): string => {
  if (event.restores !== null) return `its bytes are needed again by ${event.restores}`
  return event.reasons.map(formatReason).join("; ")
}

export const finishedText = (event: StageFinished): string => {
  switch (event.status) {
    case "hit":
      return `cached${event.savedSeconds === null ? "" : `, saves ${formatSeconds(event.savedSeconds)}`}`
    case "ran":
      return [formatSeconds(event.seconds), first(event)].filter((part) => part !== "").join(", ")
    case "failed":
      return event.problem ?? "no reason given"
    case "skipped":
      return event.problem ?? "not wanted"
  }
}

export const startedText = (event: StageStarted): string =>
  [
    event.attempt > 1 ? `attempt ${event.attempt}` : "",
    event.device === "cpu" ? "" : `on ${event.device}`,
    event.resumes ? "goes on from its checkpoint" : "",
    whyStarted(event)
  ]
    .filter((part) => part !== "")
    .join(", ")

const reachedText = ({ done, total, unit }: NonNullable<StageInterrupted["reached"]>): string =>
  unit === "steps" ? `step ${done} of ${total}` : `${done} of ${total} ${unit}`

export const interruptedText = ({ reached, from, resumes }: StageInterrupted): string => {
  const where = reached === null ? "interrupted" : `interrupted at ${reachedText(reached)}`
  if (!resumes) return `${where}; it has no checkpoint, and begins anew`
  if (from === null) return `${where}; the same command goes on from its checkpoint`
  const there = reached?.done === from.done && reached.unit === from.unit
  return `${where}; the same command goes on from ${there ? "there" : reachedText(from)}`
}

/** A row for what was spent and one for what was saved, each where there is something to tell. */
const costLines = ({ cost }: Pick<RunFinished, "cost">): ReadonlyArray<string> =>
  (["spent", "saved"] as const).flatMap((name) => {
    const { seconds, cpuSeconds, gpuSeconds, unmeasured } = cost[name]
    if (seconds === 0 && unmeasured === 0) return []
    const least = unmeasured === 0 ? "" : "at least "
    const gpu = gpuSeconds === 0 ? "" : `, ${formatSeconds(gpuSeconds)} of a GPU`
    return [
      `${name.padEnd(8)} ${formatSeconds(seconds)} in stages: ${least}${formatSeconds(cpuSeconds)} of a CPU${gpu}`
    ]
  })

export const eventLine = (event: RunEvent): string | undefined => {
  switch (event.type) {
    case "run-started":
      return `run      ${event.run}: ${event.experiment}, ${count(event.stages.length, "stage")}`
    case "stage-waiting":
      return `waits    ${event.id}: for ${event.for}`
    case "stage-started":
      return `starts   ${event.id}: ${startedText(event)}`
    case "stage-progress":
      return `         ${event.id}: ${progressLine(event)}`
    case "stage-log":
      return event.line.startsWith(WARNING) ? `warns    ${event.id}: ${event.line.slice(WARNING.length)}` : undefined
    case "stage-interrupted":
      return `stopped  ${event.id}: ${interruptedText(event)}`
    case "stage-retry":
      return `retries  ${event.id} in ${formatSeconds(event.delay)}: ${event.problem}`
    case "artifact-lost":
      return `lost     ${event.id}: ${event.path} is ${event.reason}, and ${event.neededBy} needs it: computed again`
    case "stage-nondeterministic":
      return `differs  ${event.id}: the same key gave other bytes (${event.other.slice(0, 12)}, not ${event.canonical.slice(0, 12)})`
    case "stage-finished":
      return `${{ hit: "hit", ran: "ran", failed: "FAILED", skipped: "skipped" }[event.status].padEnd(8)} ${event.id}: ${finishedText(event)}`
    case "run-finished": {
      const of = (status: string): number => event.stages.filter((stage) => stage.status === status).length
      const parts = [`${of("hit")} cached`, `${of("ran")} ran`]
      if (of("failed") > 0) parts.push(`${of("failed")} failed`)
      if (of("skipped") > 0) parts.push(`${of("skipped")} skipped`)
      return [
        `${event.status.padEnd(8)} ${parts.join(", ")}, ${formatSeconds(event.seconds)}`,
        ...costLines(event)
      ].join("\n")
    }
  }
}
