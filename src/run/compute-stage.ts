/**
 * Computes one key: inputs made readable, a place, the key's lease, attempts, the commit. Another process that computes
 * the same key is waited for, and its result taken.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { StageInstance } from "../plan/stage-instance.ts"
import { leaseDirectory } from "../store/layout.ts"
import { formatOwner, leaseOwner, tryLease } from "../store/lease.ts"
import type { Lease, LeaseOwner } from "../store/lease.ts"
import type { StoreUnwritable } from "../store/store-unwritable.ts"
import { unwritable } from "../store/store-unwritable.ts"
import { dropWorkspaces, hasCheckpoint, lastEpoch, openWorkspace } from "../store/workspace.ts"
import type { Workspace } from "../store/workspace.ts"
import { JobFailed } from "../execute/backend.ts"
import type { JobRequest } from "../execute/backend.ts"
import { buildJob } from "./build-job.ts"
import type { Computed, ComputeRequest } from "./computed.ts"
import type { JobDone } from "../execute/job.ts"
import type { Place, Placement } from "./places.ts"
import { restoreInputs } from "./restore-inputs.ts"
import type { ComputeStage, LossNotes } from "./restore-inputs.ts"
import type { Keyed, RunContext } from "./run-context.ts"

/** What one turn at the key came to, where it did not end the matter. */
type Turn =
  | Computed
  | { readonly status: "busy"; readonly owner: LeaseOwner | undefined }
  | { readonly status: "lost"; readonly failure: JobFailed; readonly seconds: number }

class Overtaken extends Data.TaggedError("Overtaken")<{}> {}

/** Inputs that vanish again and again are somebody's doing (a gc in a loop, a failing disk): stop and say so. */
const MOST_ROUNDS = 5
const POLL = "500 millis"
const LONGEST_RETRY_SECONDS = 60

const seconds = (since: number): number => (performance.now() - since) / 1000

const environmentOf = ({ gpus, engine }: Placement): Readonly<Record<string, string>> => {
  const devices = gpus.map(({ device }) => device).join(",")
  // A stage that was given no GPU must not take memory of one that is somebody else's.
  if (gpus.length > 0) return { CUDA_VISIBLE_DEVICES: devices, TF_FORCE_GPU_ALLOW_GROWTH: "true" }
  return engine === null ? {} : { CUDA_VISIBLE_DEVICES: "" }
}

const deviceOf = ({ gpus, engine }: Placement): string => {
  if (gpus.length > 0) return gpus.map(({ name }) => name).join(", ")
  return engine?.name === "webgpu" ? "webgpu" : "cpu"
}

/** What stands in the store under a key after this result; a canonical artifact whose bytes are gone is given up. */
const commit = Effect.fnUntraced(function* (
  context: RunContext,
  { instance }: ComputeRequest,
  keyed: Keyed,
  done: JobDone,
  took: number
) {
  const { store, directory, options, emit } = context
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
      stage: instance.id,
      run: directory.id,
      experiment: options.experiment,
      acceptedFrom: null
    },
    { force: gone || context.force.has(instance.id) }
  )
  if (!agrees) {
    const other = canonical.digest === done.digest ? (before?.digest ?? "") : done.digest
    emit({ type: "stage-nondeterministic", id: instance.id, key: keyed.key, canonical: canonical.digest, other })
  }
  yield* Effect.promise(() => dropWorkspaces(store.directory, keyed.key).catch(() => {}))
  return canonical
})

/** One attempt after the other, while trying again can help. */
const attempts = Effect.fnUntraced(function* (
  context: RunContext,
  request: ComputeRequest,
  keyed: Keyed,
  placement: Placement,
  workspace: Workspace,
  lease: Lease
) {
  const { store, backend, directory, options, emit, outcomes } = context
  const { instance, reasons, restores } = request
  const log = directory.logPath(instance.id)
  const timeout = instance.timeoutSeconds
  for (let attempt = 1; ; attempt++) {
    const changed = yield* options.changedSincePlan?.(instance) ?? Effect.succeed(undefined)
    if (changed !== undefined) {
      const problem = `${changed} has changed since this run was planned\n  run again: the plan then takes the new code`
      return yield* new JobFailed({ problem, retryable: false, losses: [] })
    }
    emit({
      type: "stage-started",
      id: instance.id,
      kind: instance.kind.name,
      key: keyed.key,
      attempt,
      device: deviceOf(placement),
      gpuMissing: placement.gpuMissing,
      resumes: hasCheckpoint(workspace),
      reasons,
      restores,
      log
    })
    const job = buildJob({
      instance,
      setup: options.setupOf(instance),
      key: keyed.key,
      store: store.directory,
      workspace,
      attempt,
      log,
      engine: placement.engine,
      projectDirectory: options.projectDirectory,
      digestOf: (id) => outcomes.get(id)?.digest ?? ""
    })
    const wanted: JobRequest = {
      jobs: [job],
      isolation: placement.gpus.length > 0 || job.engine !== null ? outOfHead(instance) : instance.kind.isolation,
      environment: environmentOf(placement),
      onEvent: (event) =>
        event.type === "log"
          ? emit({ type: "stage-log", id: instance.id, line: event.line })
          : emit({ ...event, type: "stage-progress" })
    }
    const running = placement.run?.(wanted) ?? Effect.map(backend.run(wanted), ([done]) => done as JobDone)
    const limited =
      timeout === undefined
        ? running
        : running.pipe(
            Effect.timeoutOrElse({
              duration: timeout * 1000,
              orElse: () =>
                Effect.fail(
                  new JobFailed({
                    problem: `it took longer than its timeout of ${timeout} s; its checkpoint, if it made one, stays`,
                    retryable: false,
                    losses: []
                  })
                )
            })
          )
    const overtaken = Effect.andThen(lease.lost, Effect.fail(new Overtaken()))
    const result = yield* Effect.result(Effect.raceFirst(limited, overtaken))
    if (result._tag === "Success") return result.success
    const failure = result.failure
    const again =
      failure._tag === "JobFailed" && failure.retryable && failure.losses.length === 0 && attempt <= instance.retries
    if (!again || context.stopping()) return yield* failure
    const base = Math.min((options.retrySeconds ?? 1) * 2 ** (attempt - 1), LONGEST_RETRY_SECONDS)
    // Jitter keeps stages that failed together from coming back together.
    const delay = base * (0.75 + Math.random() / 2)
    emit({ type: "stage-retry", id: instance.id, attempt, problem: failure.problem, delay })
    yield* Effect.sleep(delay * 1000)
  }
})

/** A GPU stage is always a process, and an engine never loads in the head. */
const outOfHead = ({ kind, resources }: StageInstance): "process" | "pool" =>
  (resources.gpu ?? 0) > 0 || kind.isolation === "inline" ? "process" : kind.isolation

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
): Effect.fn.Return<Turn, StoreUnwritable, Scope.Scope> {
  const { store, directory, emit } = context
  const { instance } = request
  const root = store.directory
  const placed = yield* place
    .take((what) => emit({ type: "stage-waiting", id: instance.id, for: what }))
    .pipe(Effect.result)
  if (placed._tag === "Failure") return { status: "failed", problem: placed.failure.message, seconds: 0 }
  if (context.stopping()) return { status: "skipped", problem: "not started, since another stage failed" }
  const claimed = yield* tryLease({
    directory: leaseDirectory(root, keyed.key),
    purpose: `${instance.id} of run ${directory.id}`,
    above: yield* Effect.promise(() => lastEpoch(root, keyed.key))
  })
  if (claimed._tag === "busy") return { status: "busy", owner: claimed.owner }
  const found = yield* doneByOthers(context, request, keyed)
  if (found !== undefined) return { status: "hit", action: found, seconds: 0 }
  const workspace = yield* Effect.tryPromise({
    try: () => openWorkspace(root, keyed.key, claimed.lease.epoch),
    catch: unwritable(root)
  })
  const start = performance.now()
  const result = yield* Effect.result(attempts(context, request, keyed, placed.success, workspace, claimed.lease))
  if (result._tag === "Success") {
    // What is done in one pass is paid once.
    const took = seconds(start) / result.success.together
    return { status: "ran", action: yield* commit(context, request, keyed, result.success, took), seconds: took }
  }
  if (result.failure._tag === "Overtaken") return { status: "busy", owner: undefined }
  if (result.failure.losses.length > 0) return { status: "lost", failure: result.failure, seconds: seconds(start) }
  return { status: "failed", problem: result.failure.problem, seconds: seconds(start) }
})

/** Until the other process has a result, or is gone. */
const waitForOther = Effect.fnUntraced(function* (
  context: RunContext,
  request: ComputeRequest,
  keyed: Keyed,
  owner: LeaseOwner | undefined
) {
  const { instance } = request
  context.emit({ type: "stage-waiting", id: instance.id, for: `${formatOwner(owner)}: it computes the same` })
  const directory = leaseDirectory(context.store.directory, keyed.key)
  for (;;) {
    yield* Effect.sleep(POLL)
    const found = yield* doneByOthers(context, request, keyed)
    if (found !== undefined) return found
    if (context.stopping() || (yield* leaseOwner({ directory })) === undefined) return undefined
  }
})

/** What the stage held (its place, the key's lease) is given back with the scope: after its end has been told. */
export const computeStage: ComputeStage = Effect.fnUntraced(
  function* (context: RunContext, request: ComputeRequest): Effect.fn.Return<Computed, StoreUnwritable, Scope.Scope> {
    const { instance } = request
    let place = request.place
    let notes: LossNotes = new Map()
    let spent = 0
    const leaveQueue = (): void => {
      place?.withdraw()
      place = undefined
    }
    for (let round = 1; ;) {
      const problem = yield* restoreInputs(context, instance, notes, leaveQueue, computeStage)
      if (problem !== undefined) return { status: "failed", problem, seconds: spent }
      // Only now: an input that could not be restored to the same bytes has another digest, and so has the key.
      const keyed = context.keyOf(instance)
      const held = yield* Scope.fork(yield* Scope.Scope)
      const result = yield* turn(context, request, keyed, place ?? context.places.contend(instance)).pipe(
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
