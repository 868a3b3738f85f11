/**
 * Computes one key: inputs made readable, a place, the key's lease, attempts, the commit. Another process that computes
 * the same key is waited for, and its result taken.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import type { StageInstance } from "../plan/stage-instance.ts"
import { packageFacts } from "../project/package-facts.ts"
import type { KeyClaim } from "../store/key-claim.ts"
import type { WorkspaceName } from "../store/workspace.ts"
import type { Unwritable } from "../file/unwritable.ts"
import type { RemoteFailed } from "../remote/port/remote-failed.ts"
import { JobFailed, type JobRequest, type Place, type Placement } from "../execute/executor.ts"
import { buildJob } from "./build-job.ts"
import type { Computed, ComputeRequest } from "./computed.ts"
import type { JobDone, Reached } from "../execute/job.ts"
import type { Provenance } from "../store/provenance.ts"
import { restoreInputs } from "./restore-inputs.ts"
import type { ComputeStage, LossNotes } from "./restore-inputs.ts"
import type { Keyed, RunContext } from "./run-context.ts"

/** What one turn at the key came to, where it did not end the matter. */
type Turn =
  | Computed
  | { readonly status: "busy"; readonly owner: string | undefined }
  | { readonly status: "lost"; readonly failure: JobFailed; readonly seconds: number }

/** By whom, the store is asked. */
const overtaken: Turn = { status: "busy", owner: undefined }

class Overtaken extends Data.TaggedError("Overtaken")<{}> {}

/** Inputs that vanish again and again are somebody's doing (a gc in a loop, a failing disk): stop and say so. */
const MOST_ROUNDS = 5
const POLL = "500 millis"
/** What takes less is computed again sooner than the disk would say that it has it. The run settles them together. */
const SETTLED_SOON_SECONDS = 1
const LONGEST_RETRY_SECONDS = 60

/** By Effect's clock, which tests can set. */
const secondsSince = (start: number) => Effect.map(Clock.currentTimeMillis, (now) => (now - start) / 1000)

const provenanceOf = Effect.fnUntraced(function* (
  { code }: RunContext,
  { device, gpus }: Placement,
  { host, use, together }: JobDone,
  took: number
) {
  const provenance: Provenance = {
    code: yield* code,
    version: packageFacts.version,
    node: process.versions.node,
    host,
    device,
    cpuSeconds: use.cpuSeconds / together,
    gpuSeconds: took * gpus,
    peakMemory: use.peakMemory
  }
  return provenance
})

/** What stands in the store under a key after this result; a canonical artifact whose bytes are gone is given up. */
const commit = Effect.fnUntraced(function* (
  context: RunContext,
  { instance }: ComputeRequest,
  keyed: Keyed,
  workspace: WorkspaceName,
  done: JobDone,
  took: number,
  placement: Placement
) {
  const { store, record, options, emit } = context
  const before = yield* store.action(keyed.key)
  const gone = before !== undefined && before.digest !== done.digest && (yield* store.losses(before.digest)).length > 0
  const { canonical, agrees } = yield* store.commit(
    {
      ...keyed.record,
      key: keyed.key,
      digest: done.digest,
      output: instance.output,
      metrics: done.metrics,
      seconds: took,
      engine: done.engine,
      provenance: yield* provenanceOf(context, placement, done, took),
      stage: instance.id,
      run: record.id,
      experiment: options.experiment,
      acceptedFrom: null
    },
    { force: gone || context.force.has(instance.id), settle: took < SETTLED_SOON_SECONDS ? "soon" : "now" }
  )
  if (!agrees) {
    const other = canonical.digest === done.digest ? (before?.digest ?? "") : done.digest
    emit({ type: "stage-nondeterministic", id: instance.id, key: keyed.key, canonical: canonical.digest, other })
  }
  yield* store.dropWorkspaces(workspace)
  return canonical
})

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

/** One attempt after the other, while trying again can help. */
const attempts = Effect.fnUntraced(function* (
  context: RunContext,
  { instance, reasons, restores }: ComputeRequest,
  keyed: Keyed,
  placement: Placement,
  claim: KeyClaim
) {
  const { store, record, options, emit, outcomes } = context
  const log = record.log(instance.id)
  let attempt = 0

  const once = Effect.gen(function* () {
    attempt++
    yield* checkUnchanged(context, instance)
    emit({
      type: "stage-started",
      id: instance.id,
      kind: instance.kind.name,
      key: keyed.key,
      attempt,
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
      attempt,
      log,
      engine: placement.engine,
      projectDirectory: options.projectDirectory,
      digestOf: (id) => outcomes.get(id)?.digest ?? ""
    })
    const begun = yield* Deferred.make<void>()
    if (!placement.queues) yield* Deferred.succeed(begun, undefined)
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
    return yield* Effect.raceFirst(withinTimeout(running, Deferred.await(begun), instance.timeoutSeconds), lost).pipe(
      Effect.onInterrupt(() => interrupted)
    )
  })

  const again = (failure: JobFailed): boolean =>
    failure.retryable && failure.losses.length === 0 && attempt <= instance.retries && !context.stopping()
  for (;;) {
    const result = yield* Effect.result(once)
    if (result._tag === "Success") return result.success
    const { failure } = result
    if (failure._tag === "Overtaken" || !again(failure)) return yield* failure
    const base = Math.min((options.retrySeconds ?? 1) * 2 ** (attempt - 1), LONGEST_RETRY_SECONDS)
    // Jitter keeps stages that failed together from coming back together.
    const delay = base * (yield* Random.nextBetween(0.75, 1.25))
    emit({ type: "stage-retry", id: instance.id, attempt, problem: failure.problem, delay })
    yield* Effect.sleep(delay * 1000)
  }
})

/** Somebody else may have finished it since we looked; for a restore, bytes that are there again are enough. */
const doneByOthers = Effect.fnUntraced(function* (
  context: RunContext,
  { instance, restores }: ComputeRequest,
  keyed: Keyed
) {
  if (context.force.has(instance.id) && restores === null) return undefined
  const action = yield* context.store.action(keyed.key)
  if (action === undefined) return undefined
  if (restores !== null && (yield* context.store.losses(action.digest)).length > 0) return undefined
  return action
})

const turn = Effect.fnUntraced(function* (
  context: RunContext,
  request: ComputeRequest,
  keyed: Keyed,
  place: Place
): Effect.fn.Return<Turn, Unwritable | RemoteFailed, Scope.Scope> {
  const { store, record, emit } = context
  const { instance } = request
  const placed = yield* place
    .take((what) => emit({ type: "stage-waiting", id: instance.id, for: what }))
    .pipe(Effect.result)
  if (placed._tag === "Failure") return { status: "failed", problem: placed.failure.message, seconds: 0 }
  if (context.stopping()) return { status: "skipped", problem: "not started, since another stage failed" }
  const claimed = yield* store.claim(keyed.key, `${instance.id} of run ${record.id}`)
  if (claimed._tag === "busy") return { status: "busy", owner: claimed.owner }
  const { claim } = claimed
  const found = yield* doneByOthers(context, request, keyed)
  if (found !== undefined) return { status: "hit", action: found, seconds: 0 }
  // Beside the stage's work: it costs no time, and tells of the code as it was when the work began.
  yield* Effect.forkIn(context.code, context.scope)
  const start = yield* Clock.currentTimeMillis
  const result = yield* Effect.result(attempts(context, request, keyed, placed.success, claim))
  const seconds = yield* secondsSince(start)
  if (result._tag === "Success") {
    // What is done in one pass is paid once; what waited in a queue, not at all.
    const took = (result.success.seconds ?? seconds) / result.success.together
    // Who was paused for longer than a lease lasts wakes up here, and has a successor whose result counts.
    if (!(yield* claim.held)) return overtaken
    const action = yield* commit(context, request, keyed, claim.workspace, result.success, took, placed.success)
    return { status: "ran", action, seconds: took }
  }
  if (result.failure._tag === "Overtaken") return overtaken
  if (result.failure.losses.length > 0) return { status: "lost", failure: result.failure, seconds }
  return { status: "failed", problem: result.failure.problem, seconds }
})

/** Until the other process has a result, or is gone. */
const waitForOther = Effect.fnUntraced(function* (
  context: RunContext,
  request: ComputeRequest,
  keyed: Keyed,
  first: string | undefined
) {
  let told: string | undefined
  for (let owner = first; ;) {
    if (owner !== undefined && owner !== told) {
      context.emit({ type: "stage-waiting", id: request.instance.id, for: `${owner}: it computes the same` })
      told = owner
    }
    const found = yield* doneByOthers(context, request, keyed)
    if (found !== undefined) return found
    owner = yield* context.store.owner(keyed.key)
    if (owner === undefined || context.stopping()) return undefined
    yield* Effect.sleep(POLL)
  }
})

/** What the stage held (its place, the key's lease) is given back with the scope: after its end has been told. */
export const computeStage: ComputeStage = Effect.fnUntraced(
  function* (
    context: RunContext,
    request: ComputeRequest
  ): Effect.fn.Return<Computed, Unwritable | RemoteFailed, Scope.Scope> {
    const { instance } = request
    let place = request.place
    let notes: LossNotes = new Map()
    let spent = 0
    const leaveQueue = Effect.suspend(() => {
      const left = place?.withdraw ?? Effect.void
      place = undefined
      return left
    })
    for (let round = 1; ;) {
      const problem = yield* restoreInputs(context, instance, notes, leaveQueue, computeStage)
      if (problem !== undefined) return { status: "failed", problem, seconds: spent }
      // Only now: an input that could not be restored to the same bytes has another digest, and so has the key.
      const keyed = context.keyOf(instance)
      const held = yield* Scope.fork(yield* Scope.Scope)
      const result = yield* turn(context, request, keyed, place ?? (yield* context.places.contend(instance))).pipe(
        Effect.provideService(Scope.Scope, held)
      )
      place = undefined
      if (result.status === "busy" || result.status === "lost") yield* Scope.close(held, Exit.void)
      if (result.status === "busy") {
        const found = yield* waitForOther(context, request, keyed, result.owner)
        if (found !== undefined) return { status: "hit", action: found, seconds: spent }
      } else if (result.status === "lost") {
        spent += result.seconds
        if (round++ === MOST_ROUNDS) return { status: "failed", problem: lostTooOften(result.failure), seconds: spent }
        notes = new Map(result.failure.losses.map((loss) => [loss.digest, loss]))
      } else if (result.status === "skipped") return result
      else return { ...result, seconds: result.seconds + spent }
    }
  },
  // A store that refuses a write fails the stage that needed it: others may still be hits.
  Effect.catch((error) => Effect.succeed<Computed>({ status: "failed", problem: error.message, seconds: 0 }))
)

const lostTooOften = ({ problem }: JobFailed): string =>
  `${problem}\n  Its inputs were lost ${MOST_ROUNDS} times in a row: check the disk, and what else changes the store.`
