/** Runs a stage in its place, again and again while that can help; what it ran out of, it gets more of where there is more. */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import { JobFailed, type JobRequest, type Placement } from "../execute/executor.ts"
import type { JobDone, Reached } from "../execute/job.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { Resources } from "../stage/resources.ts"
import type { KeyClaim } from "../store/key-claim.ts"
import { buildJob } from "./build-job.ts"
import type { ComputeRequest } from "./computed.ts"
import { moreOf } from "./more-resources.ts"
import type { Keyed, RunContext } from "./run-context.ts"

/** Another owner has the key's lease. */
export class Overtaken extends Data.TaggedError("Overtaken")<{}> {}

/** A larger place is wanted: the tries say what of. */
export class WantsMore extends Data.TaggedError("WantsMore")<{}> {}

const LONGEST_RETRY_SECONDS = 60

/** Asked right before a stage starts: a result of other code must not stand under its key. */
const checkUnchanged = Effect.fnUntraced(function* ({ options }: RunContext, instance: StageInstance) {
  const changed = yield* options.changedSincePlan?.(instance) ?? Effect.succeed(undefined)
  if (changed === undefined) return
  const problem = `${changed} has changed since this run was planned\n  run again: the plan then takes the new code`
  return yield* new JobFailed({ problem, retryable: false, losses: [] })
})

/** @param begun completes when the time starts to count */
const withinTimeout = <A, E, R>(
  running: Effect.Effect<A, E, R>,
  begun: Effect.Effect<void>,
  seconds: number | undefined
): Effect.Effect<A, E | JobFailed, R> => {
  if (seconds === undefined) return running
  const problem = `it took longer than its timeout of ${seconds} s; its checkpoint, if it made one, stays`
  const late = Effect.andThen(begun, Effect.sleep(seconds * 1000)).pipe(
    Effect.andThen(new JobFailed({ problem, retryable: false, losses: [] }))
  )
  return Effect.raceFirst(running, late)
}

/**
 * A job that waited in a queue takes the code when it begins, hours after the plan perhaps, and so does each that goes on from
 * its checkpoint: then the check is made again.
 */
const watchBegins = Effect.fnUntraced(function* (check: Effect.Effect<void, JobFailed>) {
  const inbox = yield* Queue.unbounded<void>()
  let [begun, checked] = [0, 0]
  const checkNext = Effect.gen(function* () {
    yield* Queue.take(inbox)
    yield* check
    checked++
  })
  return {
    offer: (): void => {
      begun++
      Queue.offerUnsafe(inbox, undefined)
    },
    around: <A, E>(running: Effect.Effect<A, E>): Effect.Effect<A, E | JobFailed> =>
      Effect.raceFirst(running, Effect.forever(checkNext)).pipe(
        // It was done before it was looked at.
        Effect.tap(() => (checked < begun ? check : Effect.void))
      )
  }
})

/** How often a stage was tried, in whatever place, and what its place was asked for. */
export interface Tries {
  count: number
  resources: Resources
}

/** One attempt after the other, while trying again can help; fails with `WantsMore` where another place is needed for that. */
export const attempts = Effect.fnUntraced(function* (
  context: RunContext,
  { instance, reasons, restores }: ComputeRequest,
  keyed: Keyed,
  placement: Placement,
  claim: KeyClaim,
  tries: Tries
) {
  const { store, record, options, emit, outcomes } = context
  const log = record.log(instance.id)
  const once = Effect.gen(function* () {
    tries.count++
    yield* checkUnchanged(context, instance)
    emit({
      type: "stage-started",
      id: instance.id,
      kind: instance.kind.name,
      key: keyed.key,
      attempt: tries.count,
      device: placement.device,
      gpuMissing: placement.gpuMissing,
      resumes: yield* claim.resumes,
      reasons,
      restores,
      log
    })
    const job = buildJob({
      instance,
      setup: options.setupOf(instance),
      key: keyed.key,
      store: store.description,
      workspace: claim.workspace,
      attempt: tries.count,
      log,
      engine: placement.engine,
      projectDirectory: options.projectDirectory,
      programs: context.programsOf(instance),
      digestOf: (id) => outcomes.get(id)?.digest ?? ""
    })
    const begun = yield* Deferred.make<void>()
    if (!placement.queues) yield* Deferred.succeed(begun, undefined)
    const begins = yield* watchBegins(checkUnchanged(context, instance))
    let reached: Reached = null
    let from: Reached = null
    const request: JobRequest = {
      jobs: [job],
      onEvent: (event) => {
        switch (event.type) {
          case "log":
            return emit({ type: "stage-log", id: instance.id, line: event.line })
          case "waiting":
            return emit({ type: "stage-waiting", id: instance.id, for: event.for })
          case "began":
            Deferred.doneUnsafe(begun, Effect.void)
            begins.offer()
            return
          case "checkpoint":
            reached = from = event.at
            return
          case "progress":
            reached = { done: event.done, total: event.total, unit: event.unit }
            return emit({ ...event, type: "stage-progress" })
        }
      }
    }
    const interrupted = Effect.map(claim.resumes, (resumes) =>
      emit({ type: "stage-interrupted", id: instance.id, reached, resumes, from })
    )
    const running = Effect.map(placement.run(request), ([done]) => done as JobDone)
    const lost = Effect.andThen(claim.lost, Effect.fail(new Overtaken()))
    const timed = withinTimeout(begins.around(running), Deferred.await(begun), instance.timeoutSeconds)
    return yield* Effect.raceFirst(timed, lost).pipe(Effect.onInterrupt(() => interrupted))
  })

  for (;;) {
    const result = yield* Effect.result(once)
    if (result._tag === "Success") return result.success
    const { failure } = result
    if (failure._tag === "Overtaken") return yield* failure
    const more = moreOf(tries.resources, failure.ranOutOf, placement.largest, failure.given)
    const helps = (failure.retryable || more !== undefined) && failure.losses.length === 0
    if (!helps || tries.count > instance.retries || context.stopping()) return yield* failure
    const base = Math.min((options.retrySeconds ?? 1) * 2 ** (tries.count - 1), LONGEST_RETRY_SECONDS)
    // Jitter keeps stages that failed together from coming back together.
    const delay = base * (yield* Random.nextBetween(0.75, 1.25))
    const problem = more === undefined ? failure.problem : `${failure.problem}\n  again with ${more.words}`
    emit({ type: "stage-retry", id: instance.id, attempt: tries.count, problem, delay })
    yield* Effect.sleep(delay * 1000)
    if (more === undefined) continue
    tries.resources = more.resources
    return yield* new WantsMore()
  }
})
