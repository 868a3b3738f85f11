/** The executor: runs what is missing of a graph, in order, and tells what it does. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Json } from "../json/canonical-json.ts"
import { keyedManifest } from "../plan/keyed-manifest.ts"
import type { Graph, StageInstance } from "../plan/stage-instance.ts"
import { gitState } from "../project/git-state.ts"
import type { RunRecord } from "../store/run-record.ts"
import { Store } from "../store/store.ts"
import { Executor, type Place } from "../execute/executor.ts"
import type { StageInterrupted, StageOutcome } from "./event.ts"
import { makeEmit } from "./make-emit.ts"
import { interruptedOutcome } from "./outcome.ts"
import { runCost } from "./run-cost.ts"
import type { Keyed, RunContext, Untimed } from "./run-context.ts"
import type { RunRequest, RunResult } from "./run-options.ts"
import { makeOutcomes, type RunOutcomes } from "./run-outcomes.ts"
import { schedule } from "./schedule.ts"
import { makeGroups } from "./together.ts"
import { visitStage } from "./visit-stage.ts"
import { watchPrograms } from "./watch-programs.ts"

/** More than one only where an artifact that is lost comes out otherwise than it was, which changes keys below it. */
const MOST_PASSES = 5

/** The wanted instances and all that they need. */
const closure = ({ instances }: Graph, wanted: ReadonlySet<string> | undefined): ReadonlyArray<StageInstance> => {
  if (wanted === undefined) return instances
  const ids = new Set(wanted)
  // Topological order: from the end, all that needs an instance has been seen before it.
  for (const { id, needs } of instances.toReversed()) if (ids.has(id)) for (const need of needs) ids.add(need)
  return instances.filter(({ id }) => ids.has(id))
}

const keyer =
  (options: RunRequest, outcomes: ReadonlyMap<string, StageOutcome>) =>
  (instance: StageInstance): Keyed => {
    const { facts, notes } = options.setupOf(instance)
    const found = keyedManifest(instance, facts, (id) => outcomes.get(id)?.digest ?? undefined)
    if (found === undefined) throw new Error(`${instance.id}: its key is asked for before its inputs are known`)
    return { key: found.key, record: { manifest: found.manifest, notes } }
  }

const planOf = (options: RunRequest, instances: ReadonlyArray<StageInstance>): Readonly<Record<string, Json>> => ({
  experiment: options.experiment,
  stages: instances.map(({ id, kind, needs, at, temp = false }) => ({ id, kind: kind.name, needs, at, temp }))
})

/** Runs the effects of one name one after the other. */
const oneAtATime = (): RunContext["alone"] => {
  const locks = new Map<string, Semaphore.Semaphore>()
  return (name, effect) => {
    const lock = locks.get(name) ?? Semaphore.makeUnsafe(1)
    locks.set(name, lock)
    return Semaphore.withPermit(lock, effect)
  }
}

const makeContext = Effect.fnUntraced(function* (
  instances: ReadonlyArray<StageInstance>,
  options: RunRequest,
  record: RunRecord,
  emit: RunContext["emit"],
  outcomes: RunOutcomes
) {
  const store = yield* Store
  const executor = yield* Executor
  const context: RunContext = {
    options,
    store,
    record,
    scope: yield* Scope.Scope,
    places: yield* executor.places({
      jobs: options.jobs,
      engine: options.engine,
      run: record.id,
      directory: store.description.directory,
      expectedMemory: options.expectedMemory
    }),
    code: yield* Effect.cached(Effect.promise(() => gitState(options.projectDirectory))),
    emit,
    force: new Set(options.force),
    instances: new Map(instances.map((instance) => [instance.id, instance])),
    outcomes: outcomes.byId,
    stopping: outcomes.stopping,
    alone: oneAtATime(),
    keyOf: keyer(options, outcomes.byId),
    programsOf: watchPrograms(options.strict === true),
    finish: outcomes.finish
  }
  return context
})

/** Visits every instance once, each in its turn. */
const runPass = Effect.fnUntraced(function* (
  context: RunContext,
  instances: ReadonlyArray<StageInstance>,
  outcomes: RunOutcomes,
  lastKeys: Readonly<Record<string, string>>
) {
  const queue = new Map<string, Place>()
  const contend = makeGroups(context)
  const takePlaces = (ready: ReadonlyArray<StageInstance>) =>
    Effect.forEach(ready, (instance) => Effect.map(contend(instance), (place) => void queue.set(instance.id, place)), {
      discard: true
    })
  yield* schedule(instances, takePlaces, (instance, complete) => {
    const place = queue.get(instance.id) as Place
    return visitStage(context, lastKeys, instance, place).pipe(
      Effect.tap((outcome) =>
        Effect.suspend(() => {
          outcomes.finish(outcomes.asComputed(outcome))
          // Before the scope gives back what the stage held: what waits for it competes for that.
          return complete
        })
      ),
      Effect.ensuring(place.withdraw),
      Effect.scoped,
      Effect.asVoid
    )
  })
})

/** A failed stage is in the result; an error is what kept the run itself from starting. */
export const run = Effect.fn("run")(function* (graph: Graph, options: RunRequest) {
  const store = yield* Store
  const start = yield* Clock.currentTimeMillis
  const instances = closure(graph, options.wanted)
  const record = yield* store.startRun(planOf(options, instances))
  const write = makeEmit(record, options.onEvent)
  /** What the stages that were being computed say when the run is interrupted. */
  const interrupted = new Map<string, Untimed<StageInterrupted>>()
  const emit = (event: Untimed): void => {
    write(event)
    if (event.type === "stage-interrupted") interrupted.set(event.id, event)
  }
  const outcomes = makeOutcomes(instances, options, emit)
  const context = yield* makeContext(instances, options, record, emit, outcomes)
  const lastKeys = yield* store.lastKeys(options.experiment)

  const remember = Effect.suspend(() => {
    const keys = [...outcomes.byId.values()].filter(({ digest, key }) => digest !== null && key !== null)
    const entries = Object.fromEntries(keys.map(({ id, key }) => [id, key as string]))
    return store.rememberKeys(options.experiment, entries)
  })
  const end = (status: "done" | "failed" | "interrupted") =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const stages = outcomes.inOrder()
      const seconds = (now - start) / 1000
      const cost = runCost(stages)
      emit({ type: "run-finished", run: record.id, status, seconds, cost, stages })
      return { run: record.id, directory: record.place, seconds, cost, stages }
    })

  emit({
    type: "run-started",
    run: record.id,
    experiment: options.experiment,
    directory: record.place,
    stages: instances.map(({ id, kind, needs }) => ({ id, kind: kind.name, needs }))
  })

  const passes = Effect.gen(function* () {
    for (let left = MOST_PASSES; left > 0; left--) {
      yield* runPass(context, instances, outcomes, lastKeys)
      context.force.clear()
      if (!outcomes.startOver()) return
    }
  })
  yield* passes.pipe(
    Effect.andThen(store.settled),
    Effect.ensuring(remember),
    Effect.onInterrupt(() => {
      for (const [id, event] of interrupted) {
        const instance = context.instances.get(id)
        if (instance !== undefined) outcomes.finish(interruptedOutcome(context, instance, event))
      }
      return end("interrupted")
    })
  )
  const failed = outcomes.inOrder().some(({ status }) => status === "failed" || status === "skipped")
  const status = failed ? "failed" : "done"
  const result: RunResult = { ...(yield* end(status)), status, firstCause: outcomes.firstCause() }
  return result
}, Effect.scoped)
