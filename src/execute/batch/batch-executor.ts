/**
 * An executor over a batch system: each stage is a job there, our scheduler decides the order, the batch system the place. Head
 * and job meet in the shared store alone. A head that is killed leaves its jobs running; the next one waits for them.
 */
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import {
  type Demand,
  Executor,
  JobFailed,
  type JobRequest,
  type Place,
  type Placement,
  type Places,
  type PlacesOptions
} from "../executor.ts"
import type { JobDone } from "../job.ts"
import type { MemoryEstimate } from "../../plan/estimate-memory.ts"
import { makeOrderedBudget } from "../local/ordered-budget.ts"
import { makeRunLocally } from "../local/run-locally.ts"
import { machineThreadPlan } from "../local/thread-plan.ts"
import type { BatchSystem, TaskNeeds } from "./batch-system.ts"
import { type FollowedTask, followTask, tellAll } from "./follow-task.ts"
import { dropTask, findTask } from "./noted-task.ts"
import { pollTasks } from "./poll-tasks.ts"
import { shareEngine } from "./share-engine.ts"
import { type SubmitOptions, submitTasks } from "./submit-tasks.ts"

export interface BatchOptions extends SubmitOptions {
  readonly system: BatchSystem
  /** Jobs in the queue at a time, at most. */
  readonly jobs: number
  readonly pollSeconds: number
  /** CPUs that the settings give a stage, and with that the threads of its engine; undefined leaves both to us. */
  readonly cpusOf: (stage: string) => number | undefined
  /** Memory that the settings give a stage; undefined leaves it to us. */
  readonly memoryOf: (stage: string) => number | undefined
  readonly needsOf: (demand: Demand, engine: Placement["engine"]) => TaskNeeds
}

/** How long a cancelled job has to save its checkpoint and to end before it is left to the batch system. */
const CANCEL_PATIENCE = "90 seconds"

const memoryText = ({ title }: BatchSystem, { bytes, because }: MemoryEstimate): string =>
  `${title} is asked for ${(bytes / 1024 ** 3).toFixed(1)} GiB of memory: ${because}; resources: { memory: ... } says otherwise`

/** Those that are cancelled together are one command. */
const makeCancel = Effect.fnUntraced(function* (system: BatchSystem) {
  const inbox = yield* Queue.unbounded<string>()
  const serve = Effect.gen(function* () {
    const first = yield* Queue.take(inbox)
    yield* Effect.sleep("50 millis")
    yield* system.cancel([first, ...(yield* Queue.clear(inbox))])
  })
  yield* Effect.forkScoped(Effect.forever(serve))
  return (id: string): Effect.Effect<void> => Effect.asVoid(Queue.offer(inbox, id))
})

/** Jobs in the queue of the batch system, until the scope ends. */
const makeRunJobs = Effect.fnUntraced(function* (options: BatchOptions) {
  const { system } = options
  const cancel = yield* makeCancel(system)
  const submit = yield* submitTasks(system, options, cancel)
  const poll = yield* pollTasks(system, options.pollSeconds)
  const titled = (id: string): string => `${system.title} job ${id}`

  const endTask = (task: FollowedTask, request: JobRequest) =>
    cancel(task.id).pipe(
      // What it saves while it ends is told still.
      Effect.andThen(poll.hurry(followTask(task, request, poll))),
      Effect.timeoutOption(CANCEL_PATIENCE),
      Effect.andThen(dropTask(request.jobs, task.folder))
    )

  /** @param atEnd runs when the stage gives its place back: only then is a result committed, and its task not looked for again */
  return Effect.fnUntraced(function* (
    request: JobRequest,
    demand: Demand,
    engine: Placement["engine"],
    expectedMemory: PlacesOptions["expectedMemory"],
    atEnd: (effect: Effect.Effect<void>) => void
  ): Effect.fn.Return<ReadonlyArray<JobDone>, JobFailed> {
    const { jobs } = request
    const stated = options.needsOf(demand, engine)
    const told = options.memoryOf(demand.stage) !== undefined || jobs.some(({ memory }) => memory !== null)
    const expected = told ? undefined : expectedMemory?.(demand.stage)
    // What a stage kind says by itself is the least that it takes.
    const estimate = expected !== undefined && expected.bytes > (stated.memory ?? 0) ? expected : undefined
    const wanted = {
      stage: demand.stage,
      needs: estimate === undefined ? stated : { ...stated, memory: estimate.bytes },
      jobs,
      environment: engine === null ? {} : yield* shareEngine(engine.name, jobs[0].store.directory)
    }
    const found = yield* findTask(jobs, system.name)
    let task: FollowedTask | undefined = found && { ...found, title: titled(found.id), earlier: found.jobs }
    // As warnings, which people see while it runs.
    if (task !== undefined)
      tellAll(request, `warning: ${task.title}, of an earlier run, does this already: it is waited for`)
    for (;;) {
      if (task === undefined) {
        if (estimate !== undefined) tellAll(request, memoryText(system, estimate))
        const submitted = yield* submit(wanted)
        task = { ...submitted, title: titled(submitted.id), earlier: undefined }
      }
      const current: FollowedTask = task
      const verdict = yield* followTask(current, request, poll).pipe(
        Effect.onInterrupt(() => endTask(current, request))
      )
      if (verdict.type === "done") {
        atEnd(dropTask(jobs, current.folder))
        return verdict.results
      }
      yield* dropTask(jobs, current.folder)
      if (verdict.type === "failed") {
        const { failure } = verdict
        if (failure.ranOutOf !== "memory" || estimate === undefined) return yield* failure
        const { problem, retryable, losses, ranOutOf } = failure
        return yield* new JobFailed({ problem, retryable, losses, ranOutOf, given: estimate.bytes })
      }
      tellAll(request, `warning: ${verdict.line}`)
      task = undefined
    }
  })
})

/** The executor, until the scope ends. */
export const batchExecutor = Effect.fnUntraced(function* (options: BatchOptions) {
  const runJobs = yield* makeRunJobs(options)
  const runLocally = yield* makeRunLocally

  const makePlaces = Effect.fnUntraced(function* ({ jobs = options.jobs, engine, expectedMemory }: PlacesOptions) {
    const engineOnce = yield* Effect.cached(engine)
    const queue = makeOrderedBudget<"jobs">(() => ({ jobs }), "jobs")

    const inHead = (): Placement => ({
      device: "cpu",
      gpus: 0,
      gpuMissing: false,
      largest: { vram: null, memory: null },
      engine: null,
      queues: false,
      run: (request) => runLocally({ ...request, isolation: "inline", environment: {} })
    })

    const inQueue = (demand: Demand): Place => {
      const ticket = queue.contend(
        demand.order,
        () => demand.id,
        () => ({ jobs: 1 })
      )
      const withdraw = Effect.sync(ticket.withdraw)
      const take: Place["take"] = (onWait) =>
        Effect.gen(function* () {
          ticket.reserve()
          let left: ReadonlyArray<Effect.Effect<void>> = []
          yield* Effect.addFinalizer(() => Effect.all(left, { discard: true }))
          const name = demand.kind.engine ? yield* engineOnce : null
          const chosen =
            name === null ? null : { name, threads: options.cpusOf(demand.stage) ?? machineThreadPlan(name).threads }
          // With fewer it only waits for who is declared earlier to make up its mind.
          yield* ticket.take(({ holders }) => {
            if (holders.length >= jobs) onWait(`a free job of ${jobs} (--jobs)`)
          })
          const { gpus } = options.needsOf(demand, chosen)
          const placement: Placement = {
            device: options.system.name,
            gpus,
            gpuMissing: gpus < (demand.resources.gpu ?? 0),
            largest: { vram: null, memory: null },
            engine: chosen,
            queues: true,
            run: (request) => runJobs(request, demand, chosen, expectedMemory, (effect) => (left = [...left, effect]))
          }
          return placement
        }).pipe(Effect.onExit(() => withdraw))
      return { take, withdraw }
    }

    const places: Places = {
      // What takes milliseconds and no engine is done here.
      contend: (demand) =>
        Effect.sync(() =>
          demand.kind.isolation === "inline" && !demand.kind.engine
            ? { take: () => Effect.succeed(inHead()), withdraw: Effect.void }
            : inQueue(demand)
        ),
      sideBySide: () => Effect.succeed(jobs),
      fits: () => Effect.succeed(true)
    }
    return places
  })
  // What its nodes have, the batch system says when a job is submitted.
  return Executor.of({ places: makePlaces, unmet: () => Effect.succeed([]) })
})
