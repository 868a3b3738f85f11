/** Visits the instances of a graph, each as soon as all that it needs is done. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type { StageInstance } from "../plan/stage-instance.ts"

/**
 * @param onReady called for all instances that become ready at once, in the order of the graph, before any is visited
 * @param visit what is thrown or fails here ends the whole: a stage's failure is a value
 */
export const schedule = <E, R>(
  instances: ReadonlyArray<StageInstance>,
  onReady: (instance: StageInstance) => void,
  visit: (instance: StageInstance) => Effect.Effect<void, E, R>
): Effect.Effect<void, E, R> =>
  Effect.gen(function* () {
    const done = yield* Queue.unbounded<StageInstance>()
    const broken = yield* Deferred.make<never, E>()
    const byId = new Map(instances.map((instance) => [instance.id, instance]))
    const needsOf = ({ needs }: StageInstance): Set<string> => new Set(needs.filter((need) => byId.has(need)))
    const missing = new Map(instances.map((instance) => [instance.id, needsOf(instance).size]))
    const below = new Map<string, Array<StageInstance>>()
    for (const instance of instances) {
      for (const need of needsOf(instance)) below.set(need, [...(below.get(need) ?? []), instance])
    }

    const start = Effect.fnUntraced(function* (ready: ReadonlyArray<StageInstance>) {
      for (const instance of ready) onReady(instance)
      for (const instance of ready) {
        yield* Effect.forkScoped(
          visit(instance).pipe(
            Effect.andThen(Queue.offer(done, instance)),
            Effect.catchCause((cause) => Deferred.failCause(broken, cause))
          )
        )
      }
    })

    yield* start(instances.filter(({ id }) => missing.get(id) === 0))
    for (let left = instances.length; left > 0; left--) {
      const { id } = yield* Effect.raceFirst(Queue.take(done), Deferred.await(broken))
      const ready = (below.get(id) ?? []).filter((instance) => {
        const left = (missing.get(instance.id) ?? 0) - 1
        missing.set(instance.id, left)
        return left === 0
      })
      yield* start(ready)
    }
  }).pipe(Effect.scoped)
