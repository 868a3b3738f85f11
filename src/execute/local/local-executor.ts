/**
 * The executor of this machine: a stage waits for a GPU, its share of the CPUs, a free slot, each given in declared order
 * among the stages that are ready, and then runs in a process of this machine.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { EngineName } from "../../tensor/engine-info.ts"
import {
  type Demand,
  Executor,
  type OnWait,
  type Place,
  type Placement,
  type Places,
  type PlacesOptions
} from "../executor.ts"
import { type Gpu, listGpus, mayHaveGpus, takeGpus } from "./gpus.ts"
import { makeOrderedSlots, type OrderedSlots, type Ticket } from "./ordered-slots.ts"
import { type LocalJobs, makeRunLocally } from "./run-locally.ts"
import { machineThreadPlan } from "./thread-plan.ts"

type RunLocally = Effect.Success<typeof makeRunLocally>

const environmentOf = (gpus: ReadonlyArray<Gpu>, engine: Placement["engine"]): LocalJobs["environment"] => {
  const devices = gpus.map(({ device }) => device).join(",")
  // A stage that was given no GPU must not take memory of one that is somebody else's.
  if (gpus.length > 0) return { CUDA_VISIBLE_DEVICES: devices, TF_FORCE_GPU_ALLOW_GROWTH: "true" }
  return engine === null ? {} : { CUDA_VISIBLE_DEVICES: "" }
}

/** A GPU stage is always a process, and an engine never loads in the head. */
const isolationOf = ({ kind, resources }: Demand, gpus: ReadonlyArray<Gpu>, engine: Placement["engine"]) =>
  (gpus.length > 0 || engine !== null) && ((resources.gpu ?? 0) > 0 || kind.isolation === "inline")
    ? "process"
    : kind.isolation

const placementOf = (
  runLocally: RunLocally,
  demand: Demand,
  gpus: ReadonlyArray<Gpu>,
  gpuMissing: boolean,
  engine: Placement["engine"]
): Placement => ({
  device: gpus.length > 0 ? gpus.map(({ name }) => name).join(", ") : engine?.name === "webgpu" ? "webgpu" : "cpu",
  gpus: engine?.name === "webgpu" ? 1 : gpus.length,
  gpuMissing,
  engine,
  run: (request) =>
    runLocally({ ...request, isolation: isolationOf(demand, gpus, engine), environment: environmentOf(gpus, engine) })
})

const wait = (ticket: Ticket, what: string, onWait: OnWait): Effect.Effect<void, never, Scope.Scope> =>
  ticket.take((holders) => onWait(holders.length === 0 ? what : `${what}, in use by ${holders.join(", ")}`))

const JOB = "a free slot (--jobs)"

const contendIn = (slots: OrderedSlots, { order, id }: Demand): Ticket => slots.contend(order, id)

const makePlaces = Effect.fnUntraced(function* (runLocally: RunLocally, { jobs, engine, run }: PlacesOptions) {
  let known: EngineName | undefined
  const engineOnce = yield* Effect.cached(Effect.tap(engine, (name) => Effect.sync(() => void (known = name))))
  const jobSlots = makeOrderedSlots(() => jobs)
  // Nobody takes one of these before the engine is known.
  const engineSlots = makeOrderedSlots(() => (known === undefined ? 0 : machineThreadPlan(known).slots))
  const gpuTurn = makeOrderedSlots(() => 1)
  const gpuCount = (yield* listGpus).length

  const engineFor = ({ kind }: Demand) =>
    kind.engine
      ? Effect.map(engineOnce, (name) => ({ name, threads: machineThreadPlan(name).threads }))
      : Effect.succeed(null)

  const wantsGpu = ({ resources }: Demand): boolean => (resources.gpu ?? 0) > 0

  const onCpu = Effect.fnUntraced(function* (instance: Demand, ticket: Ticket, onWait: OnWait) {
    const engine = yield* engineFor(instance)
    const gpuMissing = wantsGpu(instance) && engine?.name !== "webgpu"
    if (engine === null) yield* wait(ticket, JOB, onWait)
    else {
      yield* wait(ticket, engine.name === "webgpu" ? "the GPU" : "the CPUs", onWait)
      yield* wait(contendIn(jobSlots, instance), JOB, onWait)
    }
    return placementOf(runLocally, instance, [], gpuMissing, engine)
  })

  const cpuTicket = (instance: Demand): Ticket => contendIn(instance.kind.engine ? engineSlots : jobSlots, instance)

  const onGpu = Effect.fnUntraced(function* (instance: Demand, ticket: Ticket, onWait: OnWait) {
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
    return placementOf(runLocally, instance, gpus, false, engine)
  })

  const queue = (instance: Demand): Place => {
    if (instance.kind.isolation === "inline" && !instance.kind.engine) {
      return {
        take: () => Effect.succeed(placementOf(runLocally, instance, [], wantsGpu(instance), null)),
        withdraw: Effect.void
      }
    }
    const onAGpu = wantsGpu(instance) && mayHaveGpus()
    const ticket = onAGpu ? contendIn(gpuTurn, instance) : cpuTicket(instance)
    const withdraw = Effect.sync(ticket.withdraw)
    return {
      take: (onWait) => (onAGpu ? onGpu : onCpu)(instance, ticket, onWait).pipe(Effect.onExit(() => withdraw)),
      withdraw
    }
  }

  const places: Places = {
    contend: (instance) => Effect.sync(() => queue(instance)),
    sideBySide: (instance) =>
      wantsGpu(instance) && gpuCount > 0
        ? Math.max(1, Math.floor(gpuCount / (instance.resources.gpu ?? 1)))
        : machineThreadPlan(known ?? "tensorflow").slots
  }
  return places
})

/** Places of this machine, for whatever runs the jobs there. */
export const localExecutor = (runLocally: RunLocally): Executor["Service"] =>
  Executor.of({ places: (options) => makePlaces(runLocally, options) })

/** Warm workers are kept until the scope ends, over all runs. */
export const layer: Layer.Layer<Executor> = Layer.effect(Executor, Effect.map(makeRunLocally, localExecutor))
