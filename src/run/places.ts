/**
 * What a stage waits for before it may compute: a GPU, its share of the CPUs, a free slot. Each is given in declared
 * order among the stages that are ready.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import type { StageInstance } from "../plan/stage-instance.ts"
import type { EngineName } from "../tensor/engine-info.ts"
import type { EngineUnavailable } from "../tensor/engine-unavailable.ts"
import { listGpus, mayHaveGpus, takeGpus } from "./gpus.ts"
import type { Gpu } from "./gpus.ts"
import type { JobFailed, JobRequest } from "../execute/backend.ts"
import type { Job, JobDone } from "../execute/job.ts"
import { makeOrderedSlots } from "./ordered-slots.ts"
import type { OrderedSlots, Ticket } from "./ordered-slots.ts"
import { machineThreadPlan } from "./thread-plan.ts"

export interface Placement {
  readonly gpus: ReadonlyArray<Gpu>
  /** The stage asked for a GPU, and there is none that it could use. */
  readonly gpuMissing: boolean
  readonly engine: Job["engine"]
  /** Set where the place is shared: how a job is run in it. */
  readonly run?: (request: JobRequest) => Effect.Effect<JobDone, JobFailed>
}

/** Told what a stage waits for, in words for people. */
type OnWait = (what: string) => void

export interface Place {
  /** Waits, and holds what the stage got until the scope ends. */
  readonly take: (onWait: OnWait) => Effect.Effect<Placement, EngineUnavailable, Scope.Scope>
  /** The stage does not compute, or not yet. */
  readonly withdraw: () => void
}

export interface Places {
  /** Takes a place in the queue, synchronously: before anybody who became ready at the same time is served. */
  readonly contend: (instance: StageInstance) => Place
  /** How many engine stages like this one the machine computes at the same time: GPUs, or shares of the CPUs. */
  readonly sideBySide: (instance: StageInstance) => number
}

export interface PlacesOptions {
  readonly jobs: number
  /** Evaluated at most once. */
  readonly engine: Effect.Effect<EngineName, EngineUnavailable>
  /** Id of the run, for whoever waits for us. */
  readonly run: string
}

const wait = (ticket: Ticket, what: string, onWait: OnWait): Effect.Effect<void, never, Scope.Scope> =>
  ticket.take((holders) => onWait(holders.length === 0 ? what : `${what}, in use by ${holders.join(", ")}`))

const JOB = "a free slot (--jobs)"

const contendIn = (slots: OrderedSlots, { order, id }: StageInstance): Ticket => slots.contend(order, id)

export const makePlaces = Effect.fnUntraced(function* ({ jobs, engine, run }: PlacesOptions) {
  let known: EngineName | undefined
  const engineOnce = yield* Effect.cached(Effect.tap(engine, (name) => Effect.sync(() => void (known = name))))
  const jobSlots = makeOrderedSlots(() => jobs)
  // Nobody takes one of these before the engine is known.
  const engineSlots = makeOrderedSlots(() => (known === undefined ? 0 : machineThreadPlan(known).slots))
  const gpuTurn = makeOrderedSlots(() => 1)
  const gpuCount = (yield* listGpus).length

  const engineFor = ({ kind }: StageInstance) =>
    kind.engine
      ? Effect.map(engineOnce, (name) => ({ name, threads: machineThreadPlan(name).threads }))
      : Effect.succeed(null)

  const wantsGpu = ({ resources }: StageInstance): boolean => (resources.gpu ?? 0) > 0

  const onCpu = Effect.fnUntraced(function* (instance: StageInstance, ticket: Ticket, onWait: OnWait) {
    const engine = yield* engineFor(instance)
    const gpuMissing = wantsGpu(instance) && engine?.name !== "webgpu"
    if (engine === null) yield* wait(ticket, JOB, onWait)
    else {
      yield* wait(ticket, engine.name === "webgpu" ? "the GPU" : "the CPUs", onWait)
      yield* wait(contendIn(jobSlots, instance), JOB, onWait)
    }
    const placement: Placement = { gpus: [], gpuMissing, engine }
    return placement
  })

  const cpuTicket = (instance: StageInstance): Ticket =>
    contendIn(instance.kind.engine ? engineSlots : jobSlots, instance)

  const onGpu = Effect.fnUntraced(function* (instance: StageInstance, ticket: Ticket, onWait: OnWait) {
    const engine = yield* engineFor(instance)
    // Only tensorflow can be told which GPU to use: webgpu takes the first, one stage at a time.
    if (engine?.name === "webgpu" || engine?.name === "wasm" || (yield* listGpus).length === 0) {
      ticket.withdraw()
      return yield* onCpu(instance, cpuTicket(instance), onWait)
    }
    const { gpu = 1, vram = 0 } = instance.resources
    const outer = yield* Scope.Scope
    // One stage at a time asks for GPUs, the earliest declared first. It keeps the GPUs, not the turn.
    const purpose = `${instance.id} of run ${run}`
    const gpus = yield* wait(ticket, "its turn for a GPU", onWait).pipe(
      Effect.andThen(takeGpus(gpu, vram, purpose, onWait).pipe(Effect.provideService(Scope.Scope, outer))),
      Effect.scoped
    )
    yield* wait(contendIn(jobSlots, instance), JOB, onWait)
    const placement: Placement = { gpus, gpuMissing: false, engine }
    return placement
  })

  const contend = (instance: StageInstance): Place => {
    if (instance.kind.isolation === "inline" && !instance.kind.engine) {
      return {
        take: () => Effect.succeed({ gpus: [], gpuMissing: wantsGpu(instance), engine: null }),
        withdraw: () => {}
      }
    }
    const onAGpu = wantsGpu(instance) && mayHaveGpus()
    const ticket = onAGpu ? contendIn(gpuTurn, instance) : cpuTicket(instance)
    return {
      take: (onWait) =>
        (onAGpu ? onGpu : onCpu)(instance, ticket, onWait).pipe(Effect.onExit(() => Effect.sync(ticket.withdraw))),
      withdraw: ticket.withdraw
    }
  }

  const sideBySide = (instance: StageInstance): number =>
    wantsGpu(instance) && gpuCount > 0
      ? Math.max(1, Math.floor(gpuCount / (instance.resources.gpu ?? 1)))
      : machineThreadPlan(known ?? "tensorflow").slots

  const places: Places = { contend, sideBySide }
  return places
})
