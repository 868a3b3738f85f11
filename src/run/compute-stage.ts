/**
 * Computes one key: inputs made readable, a place, the key's lease, attempts, the commit. Another process that computes
 * the same key is waited for, and its result taken.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { packageFacts } from "../project/package-facts.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { WorkspaceName } from "../store/workspace.ts"
import type { Unwritable } from "../file/unwritable.ts"
import type { RemoteFailed } from "../remote/port/remote-failed.ts"
import type { JobFailed, Place, Placement } from "../execute/executor.ts"
import { attempts, type Tries } from "./attempts.ts"
import type { Computed, ComputeRequest } from "./computed.ts"
import type { JobDone } from "../execute/job.ts"
import type { Provenance } from "../store/provenance.ts"
import { restoreInputs } from "./restore-inputs.ts"
import type { ComputeStage, LossNotes } from "./restore-inputs.ts"
import { undeclaredInputs, undeclaredText } from "./undeclared-inputs.ts"
import type { Keyed, RunContext } from "./run-context.ts"

/** What one turn at the key came to, where it did not end the matter. */
type Turn =
  | Computed
  | { readonly status: "busy"; readonly owner: string | undefined }
  | { readonly status: "lost"; readonly failure: JobFailed; readonly seconds: number }
  /** In a larger place it may come to its end. */
  | { readonly status: "short"; readonly seconds: number }

/** By whom, the store is asked. */
const overtaken: Turn = { status: "busy", owner: undefined }

/** Inputs that vanish again and again are somebody's doing (a gc in a loop, a failing disk): stop and say so. */
const MOST_ROUNDS = 5
const POLL = "500 millis"
/** What takes less is computed again sooner than the disk would say that it has it. The run settles them together. */
const SETTLED_SOON_SECONDS = 1

/** A Python environment is thousands of files; its first one tells. */
const MOST_UNDECLARED = 20

/** By Effect's clock, which tests can set. */
const secondsSince = (start: number) => Effect.map(Clock.currentTimeMillis, (now) => (now - start) / 1000)

const provenanceOf = Effect.fnUntraced(function* (
  { code }: RunContext,
  { device, gpus }: Placement,
  { host, use, together }: JobDone,
  took: number,
  undeclared: ReadonlyArray<string>
) {
  const provenance: Provenance = {
    code: yield* code,
    version: packageFacts.version,
    node: process.versions.node,
    host,
    device,
    cpuSeconds: use.cpuSeconds / together,
    gpuSeconds: took * gpus,
    peakMemory: use.peakMemory,
    ...(undeclared.length === 0 ? {} : { undeclared: undeclared.slice(0, MOST_UNDECLARED) })
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
  placement: Placement,
  undeclared: ReadonlyArray<string>
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
      provenance: yield* provenanceOf(context, placement, done, took, undeclared),
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

/** What the stage read of the project without declaring it. */
const undeclaredIn = (
  { options: { projectDirectory, setupOf } }: RunContext,
  instance: StageInstance,
  { opened = [] }: JobDone
): ReadonlyArray<string> =>
  undeclaredInputs({ kind: instance.kind.name, files: opened, setup: setupOf(instance), projectDirectory })

const turn = Effect.fnUntraced(function* (
  context: RunContext,
  request: ComputeRequest,
  keyed: Keyed,
  place: Place,
  tries: Tries
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
  const result = yield* Effect.result(attempts(context, request, keyed, placed.success, claim, tries))
  const seconds = yield* secondsSince(start)
  if (result._tag === "Success") {
    // What is done in one pass is paid once; what waited in a queue, not at all.
    const took = (result.success.seconds ?? seconds) / result.success.together
    const undeclared = undeclaredIn(context, instance, result.success)
    if (undeclared.length > 0) {
      const problem = undeclaredText(instance.kind.name, undeclared)
      if (context.options.strict === true) return { status: "failed", problem, seconds: took }
      emit({ type: "stage-log", id: instance.id, line: `warning: ${problem.replace("\n ", ";")}` })
    }
    // Who was paused for longer than a lease lasts wakes up here, and has a successor whose result counts.
    if (!(yield* claim.held)) return overtaken
    const action = yield* commit(
      context,
      request,
      keyed,
      claim.workspace,
      result.success,
      took,
      placed.success,
      undeclared
    )
    return { status: "ran", action, seconds: took }
  }
  if (result.failure._tag === "Overtaken") return overtaken
  if (result.failure._tag === "WantsMore") return { status: "short", seconds }
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

const ends = (turn: Turn): turn is Computed =>
  turn.status !== "busy" && turn.status !== "lost" && turn.status !== "short"

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
    const tries: Tries = { count: 0, resources: instance.resources }
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
      const mine = place ?? (yield* context.places.contend({ ...instance, resources: tries.resources }))
      const result = yield* turn(context, request, keyed, mine, tries).pipe(Effect.provideService(Scope.Scope, held))
      place = undefined
      if (!ends(result)) yield* Scope.close(held, Exit.void)
      if (result.status === "busy") {
        const found = yield* waitForOther(context, request, keyed, result.owner)
        if (found !== undefined) return { status: "hit", action: found, seconds: spent }
      } else if (result.status === "short") spent += result.seconds
      else if (result.status === "lost") {
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
