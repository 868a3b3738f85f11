import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { type Amounts, makeOrderedBudget } from "../../../src/execute/local/ordered-budget.ts"

type Resource = "cpu" | "memory"
const all = { cpu: 4, memory: 10 }

const want = fc.record({ cpu: fc.nat(6), memory: fc.nat(14) })
/** One turn of the event loop, in which whoever can be served is. */
const settle = Effect.promise(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))))

describe("a budget", () => {
  it("is never exceeded, and everybody is served, one that wants more than there is alone", () =>
    fc.assert(
      fc.asyncProperty(fc.array(want, { minLength: 1, maxLength: 8 }), (wants) =>
        Effect.runPromise(
          Effect.gen(function* () {
            const budget = makeOrderedBudget<Resource>(() => all)
            const now = { cpu: 0, memory: 0 }
            const tickets = wants.map((wanted, order) =>
              budget.contend(
                order,
                () => String(order),
                () => wanted
              )
            )
            const stage = Effect.fnUntraced(function* (order: number) {
              yield* tickets[order]?.take(() => {}) ?? Effect.void
              for (const name of ["cpu", "memory"] as const) {
                now[name] += Math.min(wants[order]?.[name] ?? 0, all[name])
                expect(now[name]).toBeLessThanOrEqual(all[name])
              }
              yield* settle
              for (const name of ["cpu", "memory"] as const) now[name] -= Math.min(wants[order]?.[name] ?? 0, all[name])
            }, Effect.scoped)
            yield* Effect.forEach(wants.keys(), stage, { concurrency: "unbounded" })
          })
        )
      ),
      { numRuns: 40 }
    ))

  const queue = Effect.fnUntraced(function* (wants: ReadonlyArray<Amounts<Resource>>) {
    const budget = makeOrderedBudget<Resource>(() => all)
    const served: Array<number> = []
    const tickets = wants.map((wanted, order) =>
      budget.contend(
        order,
        () => `stage ${order}`,
        () => wanted
      )
    )
    const scopes = yield* Effect.forEach(wants, () => Scope.make())
    const said: Array<unknown> = []
    const take = (order: number) =>
      Effect.forkChild(
        (tickets[order] as (typeof tickets)[number])
          .take((lack) => said.push([order, lack]))
          .pipe(
            Effect.tap(() => Effect.sync(() => served.push(order))),
            Effect.provideService(Scope.Scope, scopes[order] as Scope.Closeable)
          ),
        { startImmediately: true }
      )
    return {
      tickets,
      served,
      said,
      take,
      release: (order: number) => Scope.close(scopes[order] as Scope.Closeable, Exit.void)
    }
  })

  it("keeps what an earlier one waits for; a later one that wants nothing of that goes on", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { served, said, take, release } = yield* queue([
          { cpu: 3 },
          { cpu: 2, memory: 8 },
          { cpu: 1 },
          { memory: 2 },
          { memory: 2 }
        ])
        for (const order of [0, 1, 2, 3, 4]) yield* take(order)
        yield* settle
        expect(served).toEqual([0, 3])
        yield* Effect.sleep(80)
        expect(said).toContainEqual([1, { resource: "cpu", wanted: 2, left: 1, capacity: 4, holders: ["stage 0"] }])
        yield* release(0)
        yield* settle
        expect(served).toEqual([0, 3, 1, 2])
        yield* release(1)
        yield* settle
        expect(served).toEqual([0, 3, 1, 2, 4])
      })
    ))

  it("keeps what one has reserved that cannot take it yet, until it withdraws", () =>
    Effect.runPromise(
      Effect.gen(function* () {
        const { tickets, served, take } = yield* queue([{ cpu: 4 }, { cpu: 1 }, { memory: 1 }])
        const waiting = [yield* take(1), yield* take(2)]
        yield* settle
        expect(served).toEqual([])
        tickets[0]?.reserve()
        yield* settle
        expect(served).toEqual([2])
        tickets[0]?.withdraw()
        yield* Fiber.joinAll(waiting)
        expect(served).toEqual([2, 1])
      })
    ))
})
