/**
 * `pipeline logs [FILE] STAGE`: what a stage printed, or all its instances, in the latest run in which it did. Works while it
 * runs. Of a hit the log is that of the run that computed it, whichever experiment that was for.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { instancesNamed } from "../../plan/instances-named.ts"
import { Unreadable } from "../../specification/expression.ts"
import type { RunSummary } from "../../store/run-record.ts"
import { Store } from "../../store/store.ts"
import { suggestOrList } from "../../words/did-you-mean.ts"
import type { LogsInput } from "../flags/flags.ts"
import { readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { count } from "../render/words.ts"
import { UsageError } from "../experiment/usage-error.ts"
import { projectHere } from "../experiment/project-here.ts"
import { followLogs } from "../experiment/follow-logs.ts"
import { readEvents } from "../../run/read-events.ts"
import { sayWhenSlow } from "../render/say-when-slow.ts"

interface Log {
  readonly path: string
  readonly text: string
}

const print = (logs: ReadonlyArray<Log>, note = ""): void => {
  for (const { path, text } of logs) {
    process.stderr.write(`${text === "" ? "nothing printed: " : ""}${path}${note}\n`)
    process.stdout.write(text)
  }
}

/** How instances ended in a run that has no log of them, with the log of where they were computed if that is known. */
const withoutLog = Effect.fn("withoutLog")(function* (
  run: RunSummary,
  ids: ReadonlyArray<string>,
  runs: ReadonlyArray<RunSummary>
) {
  const store = yield* Store
  const last = new Map<string, string>()
  const found: Array<Log & { readonly note: string }> = []
  for (const event of yield* readEvents(run)) {
    if (event.type === "stage-started" && ids.includes(event.id)) last.set(event.id, "has printed nothing so far")
    if (event.type !== "stage-finished" || !ids.includes(event.id)) continue
    if (event.status !== "hit") {
      last.set(event.id, event.status === "skipped" ? `was skipped: ${event.problem}` : "printed nothing")
      continue
    }
    const action = event.key === null ? undefined : yield* store.action(event.key)
    const made = runs.find(({ id }) => id === action?.run)
    const log = made === undefined || action === undefined ? undefined : yield* made.log(action.stage)
    if (log !== undefined && log.text !== "" && made !== undefined) {
      found.push({ ...log, note: `: ${event.id} is a hit, computed in run ${made.id} of ${made.experiment}` })
    }
    const where = action === undefined ? "" : `, computed in run ${action.run}, which has no log of it`
    last.set(event.id, `was a hit${where}`)
  }
  const [id = ids.join(", ")] = ids
  return { found, told: `${id} ${last.get(id) ?? "was not reached"} in run ${run.id} of ${run.experiment}` }
})

export const logs = Effect.fn("logs")(function* (input: LogsInput) {
  const [stage = "", file] = input.names.toReversed()
  const experiment =
    file === undefined
      ? undefined
      : yield* readExperiment({ file, set: [], cache: input.cache }).pipe(sayWhenSlow(`reading ${file}`))
  if (experiment !== undefined) {
    const declared = experiment.compiled.graph.instances.toSorted((a, b) => a.order - b.order)
    const named = instancesNamed(declared, stage)
    if (named instanceof Unreadable) return yield* new UsageError({ problem: `${file}: ${named.message}` })
  }
  const { cache } = experiment === undefined ? yield* projectHere(input.cache) : experiment.project
  const show = Effect.gen(function* () {
    const runs = yield* (yield* Store).runs
    const asked = Option.getOrUndefined(input.run)
    const wanted = runs.filter(
      (run) =>
        (asked === undefined || run.id === asked) && (experiment === undefined || run.experiment === experiment.name)
    )
    const of = file === undefined ? "" : ` of ${file}`
    if (asked !== undefined && wanted.length === 0) {
      const ids = runs.filter((run) => experiment === undefined || run.experiment === experiment.name)
      const hint = suggestOrList(
        asked,
        ids.map(({ id }) => id)
      )
      return yield* new UsageError({ problem: `there is no run ${asked}${of} in ${cache}${hint}` })
    }
    const [newest] = wanted
    if (newest === undefined) return yield* new UsageError({ problem: `there are no runs${of} in ${cache}` })
    const having = wanted.flatMap((run) => {
      const named = instancesNamed(run.instances, stage)
      return named instanceof Unreadable ? [] : [{ run, ids: named.map(({ id }) => id) }]
    })
    const [first] = having
    if (input.follow && first !== undefined && (yield* followLogs(first.run, first.ids))) return
    for (const { run, ids } of having) {
      const all = yield* Effect.forEach(ids, (id) => run.log(id))
      const there = all.filter((log) => log !== undefined)
      if (there.length > 0) return print(there)
    }
    const [latest] = having
    if (latest === undefined) {
      const unknown = instancesNamed(newest.instances, stage)
      const message = unknown instanceof Unreadable ? unknown.message : `${stage} is in none of them`
      const which = `${count(wanted.length, "run")}${of}, the latest: ${newest.id} of ${newest.experiment}`
      return yield* new UsageError({ problem: `${message} (${which})` })
    }
    const { found, told } = yield* withoutLog(latest.run, latest.ids, runs)
    for (const log of found) print([log], log.note)
    if (found.length === 0) return yield* new UsageError({ problem: `there is no log: ${told}` })
  })
  yield* withStore(cache, show)
})
