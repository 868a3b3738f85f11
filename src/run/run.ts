/** The executor: runs what is missing of a graph, in order, and tells what it does. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import type { Json } from "../json/canonical-json.ts"
import { explain, LOST } from "../plan/explain.ts"
import type { Reason } from "../plan/explain.ts"
import { keyedManifest } from "../plan/keyed-manifest.ts"
import type { Graph, StageInstance } from "../plan/stage-instance.ts"
import { currentBundle } from "../start/bundle.ts"
import { gitState } from "../project/git-state.ts"
import type { RunRecord } from "../store/run-record.ts"
import { Store } from "../store/store.ts"
import { Executor, type Place } from "../execute/executor.ts"
import { computeStage } from "./compute-stage.ts"
import type { RunEvent, StageInterrupted, StageOutcome } from "./event.ts"
import { hitOutcome, interruptedOutcome, outcomeOf, skippedOutcome } from "./outcome.ts"
import { indispensable, isDispensable, leaveOut } from "./leave-out.ts"
import { readTail } from "../file/read-tail.ts"
import { runCost } from "./run-cost.ts"
import type { Keyed, RunContext, Untimed } from "./run-context.ts"
import type { FirstCause, RunRequest, RunResult } from "./run-options.ts"
import { schedule } from "./schedule.ts"
import { watchPrograms } from "./watch-programs.ts"
import { makeGroups } from "./together.ts"

/** `events.ndjson` is read by people: a line every five seconds tells enough of a stage's progress. */
const PROGRESS_LINE_MS = 5_000
const TAIL_LINES = 20
/** More than one only where an artifact that is lost comes out otherwise than it was, which changes keys below it. */
const MOST_PASSES = 5

/** @param interrupted gets what the stages that were being computed say when the run is interrupted */
const makeEmit = (
  record: RunRecord,
  onEvent: RunRequest["onEvent"],
  interrupted: Map<string, Untimed<StageInterrupted>>
): ((event: Untimed) => void) => {
  const written = new Map<string, number>()
  return (untimed) => {
    const event = { ...untimed, at: Date.now() } as RunEvent
    onEvent(event)
    if (event.type === "stage-interrupted") interrupted.set(event.id, event)
    if (event.type === "stage-progress") {
      const complete = event.done >= event.total
      if (!complete && event.at - (written.get(event.id) ?? 0) < PROGRESS_LINE_MS) return
      written.set(event.id, event.at)
    }
    record.append(event)
  }
}

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

/** A failed stage is in the result; an error is what kept the run itself from starting. */
export const run = Effect.fn("run")(function* (graph: Graph, options: RunRequest) {
  const store = yield* Store
  const executor = yield* Executor
  const scope = yield* Scope.Scope
  const start = yield* Clock.currentTimeMillis
  const instances = closure(graph, options.wanted)
  const record = yield* store.startRun(planOf(options, instances))
  const interrupted = new Map<string, Untimed<StageInterrupted>>()
  const emit = makeEmit(record, options.onEvent, interrupted)
  const places = yield* executor.places({
    jobs: options.jobs,
    engine: options.engine,
    run: record.id,
    directory: store.description.directory,
    expectedMemory: options.expectedMemory
  })
  const lastKeys = yield* store.lastKeys(options.experiment)

  const outcomes = new Map<string, StageOutcome>()
  const locks = new Map<string, Semaphore.Semaphore>()
  const force = new Set(options.force)
  /** Results of earlier passes: a stage that ran is told as such, even where a later pass finds it a hit. */
  const ran = new Map<string, StageOutcome>()
  const dispensable = isDispensable(instances)
  let firstCause: FirstCause | undefined
  let stopping = false
  let changed = false

  const finish = (outcome: StageOutcome): void => {
    const before = outcomes.get(outcome.id)
    // What stands below was told from the digest that this had before.
    const was = before?.digest ?? null
    if (was !== null && outcome.digest !== null && was !== outcome.digest) changed = true
    outcomes.set(outcome.id, outcome)
    if (outcome.status === "ran") {
      ran.set(outcome.id, outcome)
      currentBundle()?.did("computing")
    }
    if (outcome.status === "failed") {
      const { id, problem, log } = outcome
      firstCause ??= { id, problem: problem ?? "", log, tail: log === null ? [] : readTail(log, TAIL_LINES) }
      if (options.keepGoing !== true && !dispensable(id)) stopping = true
    }
    emit({ type: "stage-finished", ...outcome })
  }

  const context: RunContext = {
    options,
    store,
    record,
    scope,
    places,
    code: yield* Effect.cached(Effect.promise(() => gitState(options.projectDirectory))),
    emit,
    force,
    instances: new Map(instances.map((instance) => [instance.id, instance])),
    outcomes,
    stopping: () => stopping,
    alone: (name, effect) => {
      const lock = locks.get(name) ?? Semaphore.makeUnsafe(1)
      locks.set(name, lock)
      return Semaphore.withPermit(lock, effect)
    },
    keyOf: keyer(options, outcomes),
    programsOf: watchPrograms(options.strict === true),
    finish
  }

  const reasonsFor = Effect.fnUntraced(function* (instance: StageInstance, { key, record }: Keyed) {
    const { facts, notes } = options.setupOf(instance)
    const last = lastKeys[instance.id]
    const previous = last === undefined ? undefined : ((yield* store.action(last)) ?? LOST)
    const reasons: ReadonlyArray<Reason> = explain(instance, previous, { facts, notes, inputs: record.manifest.inputs })
    if (reasons.length > 0) return reasons
    return [{ path: force.has(instance.id) && last === key ? "forced" : "no result in the store", source: null }]
  })

  const outcomeNow = Effect.fnUntraced(function* (planned: StageInstance, place: Place) {
    const missing = planned.needs.filter((id) => ["failed", "skipped"].includes(outcomes.get(id)?.status ?? ""))
    // Where the run stops, or may not run what is missing, nothing is made without it.
    const [blocked] = stopping || options.mustHit?.size ? missing : indispensable(planned, missing)
    const blocking = blocked === undefined ? undefined : outcomes.get(blocked)
    const instance = leaveOut(planned, missing)
    if (blocking !== undefined) {
      // What was skipped says which failure it was for: that is the one to mend.
      const problem = blocking.status === "failed" ? `it needs ${blocking.id}, which failed` : blocking.problem
      return skippedOutcome(instance, problem ?? `it needs ${blocking.id}, which was skipped`)
    }
    if (context.stopping()) return skippedOutcome(instance, "not started, since another stage failed")
    const keyed = context.keyOf(instance)
    const found = force.has(instance.id) ? undefined : yield* store.action(keyed.key)
    if (found !== undefined) return hitOutcome(context, instance, found)
    if (options.mustHit?.has(instance.id) === true) {
      return skippedOutcome(instance, "it has no result in the store, and is not among the stages that may run")
    }
    const reasons = yield* reasonsFor(instance, keyed)
    const computed = yield* computeStage(context, { instance, reasons, restores: null, place })
    return outcomeOf(context, instance, computed, reasons)
  })

  const pass = Effect.gen(function* () {
    const queue = new Map<string, Place>()
    const contend = makeGroups(context)
    yield* schedule(
      instances,
      (ready) =>
        Effect.forEach(
          ready,
          (instance) => Effect.map(contend(instance), (place) => void queue.set(instance.id, place)),
          { discard: true }
        ),
      (instance, complete) => {
        const place = queue.get(instance.id) as Place
        return outcomeNow(instance, place).pipe(
          Effect.tap((outcome) =>
            Effect.suspend(() => {
              const earlier = ran.get(instance.id)
              finish(outcome.status === "hit" && earlier?.key === outcome.key ? earlier : outcome)
              // Before the scope gives back what the stage held: what waits for it competes for that.
              return complete
            })
          ),
          Effect.ensuring(place.withdraw),
          Effect.scoped,
          Effect.asVoid
        )
      }
    )
  })

  const inOrder = (): ReadonlyArray<StageOutcome> =>
    instances.map(
      (instance) => outcomes.get(instance.id) ?? skippedOutcome(instance, "the run ended before it was its turn")
    )
  const remember = Effect.suspend(() => {
    const keys = [...outcomes.values()].filter(({ digest, key }) => digest !== null && key !== null)
    const entries = Object.fromEntries(keys.map(({ id, key }) => [id, key as string]))
    return store.rememberKeys(options.experiment, entries)
  })
  const end = (status: "done" | "failed" | "interrupted") =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const stages = inOrder()
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
      changed = false
      yield* pass
      force.clear()
      if (!changed || context.stopping()) return
      outcomes.clear()
    }
  })
  yield* passes.pipe(
    Effect.andThen(store.settled),
    Effect.ensuring(remember),
    Effect.onInterrupt(() => {
      for (const [id, event] of interrupted) {
        const instance = context.instances.get(id)
        if (instance !== undefined) finish(interruptedOutcome(context, instance, event))
      }
      return end("interrupted")
    })
  )
  const status = inOrder().some((outcome) => outcome.status === "failed" || outcome.status === "skipped")
    ? "failed"
    : "done"
  const skipped = inOrder().find((outcome) => outcome.status === "skipped")
  firstCause ??= skipped && { id: skipped.id, problem: skipped.problem ?? "", log: null, tail: [] }
  const result: RunResult = { ...(yield* end(status)), status, firstCause }
  return result
}, Effect.scoped)
