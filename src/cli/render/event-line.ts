/** An event as a line for people; undefined for one that is not worth a line of its own. */
import { formatReasons, NEVER_RAN } from "../../plan/explain.ts"
import type { Metrics } from "../../artifact/artifact.ts"
import type { RunEvent, RunFinished, StageFinished, StageOutcome, StageStarted, StageStatus } from "../../run/event.ts"
import { oneSeed } from "../../numeric/seed-interval.ts"
import { aloneWithSeed } from "../../plan/seed-means.ts"
import { interruptedText } from "../../run/interrupted-text.ts"
import { progressLine } from "./progress-line.ts"
import { count, formatMetrics, formatSeconds, ownNames } from "./words.ts"

/** What a stage begins a line of its log with that people should see; the rest stands in `pipeline logs`. */
const WARNING = "warning: "

/** Metrics that a line shows of a kind which names none: `command`. */
const SHOWN_METRICS = 3

/** The metrics that the kind puts first; `pipeline show` has all of them. */
export const headlineText = (metrics: Metrics, headline: ReadonlyArray<string>): string => {
  const named = headline.filter((name) => metrics[name] !== undefined)
  return formatMetrics(metrics, named.length > 0 ? named : ownNames(metrics).slice(0, SHOWN_METRICS))
}

/** Names of stages, as many as a person reads. */
const SHOWN_NAMES = 4

/** What was skipped, by reason: `10 stages: it needs capture, which failed (sae, evaluate, ...)`. */
export const skippedText = (skipped: ReadonlyArray<Pick<StageOutcome, "id" | "problem">>): ReadonlyArray<string> =>
  [...Map.groupBy(skipped, ({ problem }) => problem ?? "not wanted")].map(([problem, of]) => {
    if (of.length === 1) return `${of[0]?.id}: ${problem}`
    const names = of.slice(0, SHOWN_NAMES).map(({ id }) => id)
    const all = of.length > SHOWN_NAMES ? [...names, `${of.length - SHOWN_NAMES} more`] : names
    return `${count(of.length, "stage")}: ${problem} (${all.join(", ")})`
  })

const whyStarted = (event: StageStarted): string => {
  if (event.restores !== null) return `its bytes are needed again by ${event.restores}`
  // What has a checkpoint has run, to no result.
  const reasons = event.resumes ? event.reasons.filter(({ path }) => path !== NEVER_RAN) : event.reasons
  return formatReasons(reasons).join("; ")
}

const withoutText = ({ leftOut }: StageFinished): string =>
  leftOut.length === 0 ? "" : `without ${leftOut.join(", ")}, which failed`

export const finishedText = (event: StageFinished): string => {
  switch (event.status) {
    case "hit":
      return [
        "cached",
        event.savedSeconds === null ? "" : `saves ${formatSeconds(event.savedSeconds)}`,
        withoutText(event)
      ]
        .filter((part) => part !== "")
        .join(", ")
    case "ran":
      return [formatSeconds(event.seconds), headlineText(event.metrics, event.headline), withoutText(event)]
        .filter((part) => part !== "")
        .join(", ")
    case "failed":
      // Whole, with the end of its log, it is told when the run ends: that may be hours from now, and never where it is interrupted.
      return `after ${formatSeconds(event.seconds)}${event.problem === null ? "" : `: ${event.problem.split("\n")[0]}`}`
    case "skipped":
      return event.problem ?? "not wanted"
    case "interrupted":
      return event.problem ?? "interrupted"
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

/** What has one seed is told where its numbers are: else their ± passes for one over seeds. */
const oneSeedLines = ({ stages }: Pick<RunFinished, "stages">): ReadonlyArray<string> => {
  const results = stages.filter(({ status }) => status === "ran" || status === "hit")
  const alone = new Set(aloneWithSeed(results))
  if (alone.size === 0) return []
  const absorption = results.some(({ id, kind }) => alone.has(id) && kind === "evaluate-absorption")
  // Measured: bench/intervals/seeds.ts.
  return [
    `seeds    ${oneSeed}${absorption ? " (that of absorption held the mean over seeds in two of five cases)" : ""}`
  ]
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
const endings: Readonly<Record<StageStatus, string>> = {
  hit: "hit",
  ran: "ran",
  failed: "FAILED",
  skipped: "skipped",
  interrupted: "stopped"
}

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
      // Told as it happened.
      if (event.status === "interrupted") return undefined
      return `${endings[event.status].padEnd(8)} ${event.id}: ${finishedText(event)}`
    case "run-finished": {
      const of = (status: string): number => event.stages.filter((stage) => stage.status === status).length
      const parts = [`${of("hit")} cached`, `${of("ran")} ran`]
      if (of("failed") > 0) parts.push(`${of("failed")} failed`)
      if (of("interrupted") > 0) parts.push(`${of("interrupted")} interrupted`)
      if (of("skipped") > 0)
        parts.push(`${of("skipped")} ${event.status === "interrupted" ? "not started" : "skipped"}`)
      return [
        `${event.status.padEnd(8)} ${parts.join(", ")}, ${formatSeconds(event.seconds)}`,
        ...costLines(event),
        ...oneSeedLines(event)
      ].join("\n")
    }
  }
}
