/** The latest run of an experiment as the live page shows it, from its events. */
import type { RunEvent } from "../run/event.ts"
import { runState } from "../run/run-state.ts"
import type { LiveCurve, LiveRun } from "../explore/answers.ts"

/** Points of a curve that are sent: every Nth, and the last. */
const MOST_POINTS = 300

const curvesOf = (events: ReadonlyArray<RunEvent>): ReadonlyArray<LiveCurve> => {
  const told = Map.groupBy(
    events.filter((event) => event.type === "stage-progress"),
    ({ id }) => id
  )
  return [...told].flatMap(([id, all]) => {
    const names = [...new Set(all.flatMap(({ metrics }) => Object.keys(metrics)))]
    if (names.length === 0) return []
    // A further attempt goes back to where the last checkpoint was: what it tells again takes the place of what was told.
    const readings: Array<(typeof all)[number]> = []
    for (const reading of all) {
      while ((readings.at(-1)?.done ?? -1) >= reading.done) readings.pop()
      readings.push(reading)
    }
    const every = Math.ceil(readings.length / MOST_POINTS)
    const shown = readings.filter((_, i) => i % every === 0 || i === readings.length - 1)
    return [
      {
        id,
        unit: shown.at(-1)?.unit ?? "",
        done: shown.map(({ done }) => done),
        metrics: Object.fromEntries(names.map((name) => [name, shown.map(({ metrics }) => metrics[name] ?? null)]))
      }
    ]
  })
}

export const liveRun = (run: string, events: ReadonlyArray<RunEvent>, head: "alive" | "dead" | "unknown"): LiveRun => {
  const { stages, finished } = runState(events)
  const latest = new Map(
    events.flatMap((event) => (event.type === "stage-progress" ? [[event.id, event] as const] : []))
  )
  return {
    run,
    status: finished?.status ?? (head === "dead" ? "dead" : "going on"),
    stages: [...stages].map(([id, { status, outcome }]) => {
      const reading = status === "running" ? latest.get(id) : undefined
      return {
        id,
        status,
        ...(reading && {
          done: reading.done,
          total: reading.total,
          unit: reading.unit,
          rate: reading.rate,
          eta: reading.eta
        }),
        ...(outcome?.problem === undefined || outcome.problem === null ? {} : { problem: outcome.problem })
      }
    }),
    curves: curvesOf(events)
  }
}
