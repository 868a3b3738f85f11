/** What the batch system says of tasks: one question for all of them, as often as the settings say, while there are any. */
import * as Effect from "effect/Effect"
import type { BatchSystem, TaskState } from "./batch-system.ts"

export interface WatchedTask {
  /** What it said last; undefined while it has not been asked. */
  readonly state: () => TaskState | undefined
  /** Why it does not answer; undefined where it does. */
  readonly silent: () => string | undefined
  readonly forget: () => void
}

export interface TaskPoll {
  readonly watch: (id: string) => WatchedTask
  /** Asks often while this is wanted: something is about to end. */
  readonly hurry: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

interface Entry {
  state: TaskState | undefined
  /** Answers in a row without it. */
  absent: number
}

/** What was just submitted may be in no list yet, and an answer may be of before. */
const ABSENT_ANSWERS = 3
/** Seconds between two questions where the answer matters at once. */
const HURRY_SECONDS = 1

const GONE: TaskState = { status: "ended", end: "gone", detail: "" }

/** Asks until the scope ends. */
export const pollTasks = Effect.fnUntraced(function* (system: BatchSystem, seconds: number) {
  const entries = new Map<string, Entry>()
  let problem: string | undefined
  const ask = Effect.gen(function* () {
    const ids = [...entries].filter(([, { state }]) => state?.status !== "ended").map(([id]) => id)
    if (ids.length === 0) return
    const answer = yield* Effect.result(system.poll(ids))
    problem = answer._tag === "Failure" ? answer.failure.problem : undefined
    if (answer._tag === "Failure") return
    for (const id of ids) {
      const entry = entries.get(id)
      if (entry === undefined) continue
      const state = answer.success.get(id)
      entry.absent = state === undefined ? entry.absent + 1 : 0
      if (state !== undefined) entry.state = state
      else if (entry.absent >= ABSENT_ANSWERS) entry.state = GONE
    }
  })
  let hurried = 0
  const pause = Effect.suspend(() => {
    const start = performance.now()
    const missing = (): boolean => [...entries.values()].some(({ absent, state }) => absent > 0 && state !== GONE)
    const over = (): boolean =>
      performance.now() - start >= 1000 * (hurried > 0 || missing() ? Math.min(HURRY_SECONDS, seconds) : seconds)
    return Effect.repeat(Effect.sleep("100 millis"), { until: over })
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(ask, pause)))
  const poll: TaskPoll = {
    watch: (id) => {
      const entry: Entry = { state: undefined, absent: 0 }
      entries.set(id, entry)
      return {
        state: () => entry.state,
        silent: () => problem,
        forget: () => {
          entries.delete(id)
        }
      }
    },
    hurry: (effect) =>
      Effect.suspend(() => {
        hurried++
        return Effect.ensuring(
          effect,
          Effect.sync(() => void hurried--)
        )
      })
  }
  return poll
})
