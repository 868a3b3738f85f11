/**
 * `pipeline watch [RUN]`: a run of another process, shown as `run` shows its own, from its beginning until it ends. Ending this
 * does not end the run.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { withStore } from "../../experiment/load-experiment.ts"
import type { RunFinished } from "../../run/event.ts"
import type { RunSummary } from "../../store/run-record.ts"
import { Store } from "../../store/store.ts"
import { findRun } from "../experiment/find-run.ts"
import { followRun } from "../experiment/follow-run.ts"
import { projectHere } from "../experiment/project-here.ts"
import type { WatchInput } from "../flags/flags.ts"
import { chooseRenderer } from "../render/choose-renderer.ts"

/** The run that was watched did not do what it was asked: exit code 1, as its own. */
class WatchedRunFailed extends Data.TaggedError("WatchedRunFailed")<{
  readonly run: string
  readonly problem: string
}> {
  override readonly [Runtime.errorExitCode] = 1
  override get message(): string {
    return `run ${this.run} ${this.problem}`
  }
}

const say = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

/** The newest that goes on; else the newest. */
const newest = Effect.fn("newest")(function* (runs: ReadonlyArray<RunSummary>, cache: string) {
  for (const run of runs) {
    if ((yield* run.head) !== "alive") continue
    const last = (yield* run.events).at(-1) as { readonly type?: string } | undefined
    if (last?.type !== "run-finished") return run
  }
  return yield* findRun(runs, "latest", cache)
})

const problemOf = ({ status, stages }: RunFinished): string | undefined => {
  if (status === "done") return undefined
  const first = stages.find((stage) => stage.status === "failed")
  return first === undefined ? `was ${status}` : `failed: ${first.id}: ${first.problem ?? ""}`
}

export const watch = Effect.fn("watch")(function* (input: WatchInput) {
  const { cache } = yield* projectHere(input.cache)
  const watching = Effect.gen(function* () {
    const runs = yield* (yield* Store).runs
    const run = Option.isSome(input.run) ? yield* findRun(runs, input.run.value, cache) : yield* newest(runs, cache)
    if ((yield* run.head) === "unknown") {
      say(`run ${run.id} is led by a process out of sight (another machine?): should that die, nobody here is told`)
    }
    const renderer = yield* chooseRenderer(input.json, new Map())
    let finished: RunFinished | undefined
    const ended = yield* followRun(run, (events) =>
      Effect.sync(() => {
        for (const event of events) {
          renderer.onEvent(event)
          if (event.type === "run-finished") finished = event
        }
        return false
      })
    ).pipe(Effect.ensuring(Effect.promise(() => renderer.close())))
    const problem = ended === "dead" ? "has ended without a word: its process is gone" : finished && problemOf(finished)
    if (problem !== undefined) return yield* new WatchedRunFailed({ run: run.id, problem })
  })
  yield* withStore(cache, watching)
})
