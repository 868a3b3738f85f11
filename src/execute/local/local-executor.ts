/**
 * The executor of this machine: a stage waits for a GPU, and for its share of the CPUs, the memory, the disk and the slots,
 * each given in declared order among the stages that are ready, and then runs in a process of this machine.
 */
import { availableParallelism } from "node:os"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { EngineName } from "../../tensor/engine-info.ts"
import { installedEngine } from "../../tensor/tensorflow/tensorflow-status.ts"
import {
  type Demand,
  Executor,
  type OnWait,
  type Place,
  type Placement,
  type Places,
  type PlacesOptions,
  type Unmet
} from "../executor.ts"
import { someOf } from "../../words/some-of.ts"
import { type Gpu, gibibytes } from "./gpus.ts"
import { machineCapacity } from "./machine-capacity.ts"
import { listGpus, mayHaveGpus } from "./nvidia-smi.ts"
import { type Amounts, type Lack, makeOrderedBudget, type Ticket } from "./ordered-budget.ts"
import { type LocalJobs, makeRunLocally } from "./run-locally.ts"
import { takeGpus } from "./take-gpus.ts"
import { machineThreadPlan } from "./thread-plan.ts"
import { unmetBudgets, unmetGpus } from "./unmet.ts"

type RunLocally = Effect.Success<typeof makeRunLocally>

/** A stage that was given no GPU must not take memory of one that is somebody else's. */
const environmentOf = (gpus: ReadonlyArray<Gpu>): LocalJobs["environment"] =>
  gpus.length === 0
    ? { CUDA_VISIBLE_DEVICES: "" }
    : { CUDA_VISIBLE_DEVICES: gpus.map(({ device }) => device).join(","), TF_FORCE_GPU_ALLOW_GROWTH: "true" }

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
  largest: Placement["largest"],
  engine: Placement["engine"]
): Placement => ({
  device: gpus.length > 0 ? gpus.map(({ name }) => name).join(", ") : engine?.name === "webgpu" ? "webgpu" : "cpu",
  gpus: engine?.name === "webgpu" ? 1 : gpus.length,
  gpuMissing,
  largest,
  engine,
  queues: false,
  run: (request) =>
    runLocally({ ...request, isolation: isolationOf(demand, gpus, engine), environment: environmentOf(gpus) })
})

const largestOf = (gpus: ReadonlyArray<Gpu>): number | null => {
  const totals = gpus.flatMap(({ total }) => total ?? [])
  return totals.length === 0 ? null : Math.max(...totals)
}

type Budget = "jobs" | "cpu" | "memory" | "disk" | "webgpu"

const whatLacks = ({ resource, wanted, left, capacity }: Lack<Budget>): string => {
  switch (resource) {
    case "jobs":
      return "a free slot (--jobs)"
    case "webgpu":
      return "the GPU"
    case "cpu":
      return wanted === capacity ? "the CPUs" : `${wanted} of ${capacity} CPUs`
    case "memory":
      return `memory: ${gibibytes(wanted)} wanted, ${gibibytes(left)} of ${gibibytes(capacity)} left`
    case "disk":
      return `disk: ${gibibytes(wanted)} wanted, ${gibibytes(left)} of ${gibibytes(capacity)} left`
  }
}

/** Who has the slots changes with every stage that ends, and tells nothing: any of them will do. */
const holdersText = ({ resource, holders }: Lack<Budget>): string =>
  resource === "jobs" || holders.length === 0 ? "" : `, in use by ${someOf(holders)}`

const wait = (ticket: Ticket<Budget>, onWait: OnWait): Effect.Effect<void, never, Scope.Scope> => {
  let told: string | undefined
  return ticket.take((lack) => {
    const text = `${whatLacks(lack)}${holdersText(lack)}`
    if (text !== told) onWait(text)
    told = text
  })
}

/**
 * A program of the user's, or TensorFlow's CUDA build. Only these can be told which GPU to use: webgpu takes the first, one
 * stage at a time.
 */
const computesOnGpus = (engine: Placement["engine"]): boolean =>
  engine === null || (engine.name === "tensorflow" && installedEngine()?.variant === "cuda")

const wantsGpu = ({ resources }: Pick<Demand, "resources">): boolean => (resources.gpu ?? 0) > 0

const makePlaces = Effect.fnUntraced(function* (
  runLocally: RunLocally,
  { jobs, engine, run, directory, expectedMemory }: PlacesOptions
) {
  let known: EngineName | undefined
  const engineOnce = yield* Effect.cached(Effect.tap(engine, (name) => Effect.sync(() => void (known = name))))
  const machine = machineCapacity(directory)
  const onlyMemory: Placement["largest"] = { vram: null, memory: machine.memory }
  const budget = makeOrderedBudget<Budget>(
    () => ({ ...machine, jobs: jobs ?? availableParallelism(), webgpu: 1 }),
    "jobs"
  )
  const gpuTurn = makeOrderedBudget<"turn">(() => ({ turn: 1 }), "turn")
  const gpusOnce = yield* Effect.cached(Effect.orElseSucceed(listGpus, (): ReadonlyArray<Gpu> => []))

  /** On the CPU an engine's stage is counted as some CPUs; before it is known which engine, as all of them. */
  const ofEngine = ({ kind }: Demand): Amounts<Budget> => {
    if (!kind.engine) return {}
    if (known === "webgpu") return { webgpu: 1 }
    return { cpu: known === undefined ? machine.cpu : machineThreadPlan(known).cpus }
  }

  const expected = new Map<string, number>()
  /** Bytes of an engine's stage that says nothing of its memory: several are side by side, and could fill it together. */
  const expectedOf = ({ kind, stage }: Demand): number => {
    if (!kind.engine) return 0
    const bytes = expected.get(stage) ?? expectedMemory?.(stage)?.bytes ?? 0
    expected.set(stage, bytes)
    return bytes
  }

  const contend = (demand: Demand, onTheGpu: boolean): Ticket<Budget> =>
    budget.contend(
      demand.order,
      () => demand.id,
      () => {
        const { cpu = 0, memory = onTheGpu ? 0 : expectedOf(demand), disk = 0 } = demand.resources
        const engines = onTheGpu ? {} : ofEngine(demand)
        return { ...engines, cpu: Math.max(cpu, engines.cpu ?? 0), memory, disk, jobs: 1 }
      }
    )

  const engineFor = ({ kind }: Demand) =>
    kind.engine
      ? Effect.map(engineOnce, (name) => ({ name, threads: machineThreadPlan(name).threads }))
      : Effect.succeed(null)

  const onCpu = Effect.fnUntraced(function* (instance: Demand, ticket: Ticket<Budget>, onWait: OnWait) {
    ticket.reserve()
    const engine = yield* engineFor(instance)
    const gpuMissing = wantsGpu(instance) && engine?.name !== "webgpu"
    yield* wait(ticket, onWait)
    return placementOf(runLocally, instance, [], gpuMissing, onlyMemory, engine)
  })

  const onGpu = Effect.fnUntraced(function* (instance: Demand, turn: Ticket<"turn">, onWait: OnWait) {
    turn.reserve()
    const engine = yield* engineFor(instance)
    if (!computesOnGpus(engine) || (yield* gpusOnce).length === 0) {
      turn.withdraw()
      return yield* onCpu(instance, contend(instance, false), onWait)
    }
    const { gpu = 1, vram } = instance.resources
    const outer = yield* Scope.Scope
    // One stage at a time asks for GPUs, the earliest declared first. It keeps the GPUs, not the turn.
    const purpose = `${instance.id} of run ${run}`
    const request = { gpu, ...(vram === undefined ? {} : { vram }), purpose }
    const gpus = yield* turn
      .take(({ holders }) => onWait(`its turn for a GPU, after ${holders.join(", ")}`))
      .pipe(Effect.andThen(takeGpus(request, onWait).pipe(Effect.provideService(Scope.Scope, outer))), Effect.scoped)
    yield* wait(contend(instance, true), onWait)
    return placementOf(runLocally, instance, gpus, false, { ...onlyMemory, vram: largestOf(yield* gpusOnce) }, engine)
  })

  const queue = (instance: Demand): Place => {
    if (instance.kind.isolation === "inline" && !instance.kind.engine) {
      return {
        take: () => Effect.succeed(placementOf(runLocally, instance, [], false, onlyMemory, null)),
        withdraw: Effect.void
      }
    }
    if (wantsGpu(instance) && mayHaveGpus()) {
      const turn = gpuTurn.contend(
        instance.order,
        () => instance.id,
        () => ({ turn: 1 })
      )
      const withdraw = Effect.sync(turn.withdraw)
      return { take: (onWait) => onGpu(instance, turn, onWait).pipe(Effect.onExit(() => withdraw)), withdraw }
    }
    const ticket = contend(instance, false)
    const withdraw = Effect.sync(ticket.withdraw)
    return { take: (onWait) => onCpu(instance, ticket, onWait).pipe(Effect.onExit(() => withdraw)), withdraw }
  }

  const places: Places = {
    contend: (instance) => Effect.sync(() => queue(instance)),
    sideBySide: (instance) =>
      wantsGpu(instance) && mayHaveGpus()
        ? Effect.map(gpusOnce, ({ length }) => Math.max(1, Math.floor(length / (instance.resources.gpu ?? 1))))
        : Effect.sync(() => machineThreadPlan(known ?? "tensorflow").slots),
    fits: ({ resources }) =>
      resources.vram === undefined || !mayHaveGpus()
        ? Effect.succeed(true)
        : Effect.map(gpusOnce, (gpus) => unmetGpus(gpus, resources).length === 0)
  }
  return places
})

/** Who asks for none is told nothing of GPUs, and nobody asks the driver for him. */
const unmet: Executor["Service"]["unmet"] = Effect.fnUntraced(function* (demands, directory) {
  const asking = demands.filter(wantsGpu)
  const listed = yield* Effect.result(asking.length === 0 ? Effect.succeed([]) : listGpus)
  const capacity = machineCapacity(directory)
  return demands.flatMap(({ id, resources }): ReadonlyArray<Unmet> => {
    const ofGpus =
      listed._tag === "Success"
        ? unmetGpus(listed.success, resources)
        : wantsGpu({ resources })
          ? [{ resource: "gpu" as const, problem: listed.failure.message }]
          : []
    return [...ofGpus, ...unmetBudgets(capacity, resources)].map((found) => ({ id, ...found }))
  })
})

/** Places of this machine, for whatever runs the jobs there. */
export const localExecutor = (runLocally: RunLocally): Executor["Service"] =>
  Executor.of({ places: (options) => makePlaces(runLocally, options), unmet })

/** Warm workers are kept until the scope ends, over all runs. */
export const layer = (): Layer.Layer<Executor> => Layer.effect(Executor, Effect.map(makeRunLocally, localExecutor))
