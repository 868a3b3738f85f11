/** Visits the instances of a graph, each as soon as all that it needs is done. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import * as Queue from "effect/Queue"
import type { StageInstance } from "../plan/stage-instance.ts"

/**
 * @param onReady called with all instances that become ready at once, in the order of the graph, before any is visited
 * @param visit runs `complete` when what stands below may go on; what it fails with ends the whole, since a stage's
 *   failure is a value
 */
export const schedule = <E, R>(
  instances: ReadonlyArray<StageInstance>,
  onReady: (ready: ReadonlyArray<StageInstance>) => Effect.Effect<void>,
  visit: (instance: StageInstance, complete: Effect.Effect<void>) => Effect.Effect<void, E, R>
): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    const byId = new Map(instances.map((instance) => [instance.id, instance]))
    const needsOf = ({ needs }: StageInstance): Set<string> => new Set(needs.filter((need) => byId.has(need)))
    const missing = new Map(instances.map((instance) => [instance.id, needsOf(instance).size]))
    const below = new Map<string, Array<StageInstance>>()
    for (const instance of instances) {
      for (const need of needsOf(instance)) below.set(need, [...(below.get(need) ?? []), instance])
    }
    const open = new Set(byId.keys())
    const queue = yield* Queue.unbounded<ReadonlyArray<StageInstance>>()
    const broken = yield* Deferred.make<never, E>()
    // Interrupted, they end side by side: each may have half a minute to save a checkpoint.
    const visits = yield* FiberSet.make<void | boolean>()

    const makeReady = (ready: ReadonlyArray<StageInstance>) => Effect.andThen(onReady(ready), Queue.offer(queue, ready))
    const complete = ({ id }: StageInstance) =>
      Effect.suspend(() => {
        open.delete(id)
        const ready = (below.get(id) ?? []).filter((instance) => {
          const needs = (missing.get(instance.id) ?? 0) - 1
          missing.set(instance.id, needs)
          return needs === 0
        })
        return makeReady(ready)
      })

    yield* makeReady(instances.filter(({ id }) => missing.get(id) === 0))
    while (open.size > 0) {
      for (const instance of yield* Effect.raceFirst(Queue.take(queue), Deferred.await(broken))) {
        const visited = visit(instance, Effect.asVoid(complete(instance)))
        yield* FiberSet.run(
          visits,
          Effect.catchCause(visited, (cause) => Deferred.failCause(broken, cause)),
          { startImmediately: false }
        )
      }
    }
  }).pipe(Effect.scoped)
