import { availableParallelism, tmpdir, totalmem } from "node:os"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { localExecutor } from "../../../src/execute/local/local-executor.ts"
import { machineThreadPlan, threadPlan } from "../../../src/execute/local/thread-plan.ts"
import type { Demand } from "../../../src/execute/executor.ts"
import { engineNames } from "../../../src/tensor/engine-info.ts"

describe("threads of engine stages", () => {
  it("are counted as half, and never more than there are CPUs in as many stages as share no pass", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 256 }), fc.constantFrom(...engineNames), (cpus, engine) => {
        const { threads, cpus: counted, slots } = threadPlan(engine, cpus)
        expect(slots).toBeGreaterThanOrEqual(1)
        expect(threads * slots).toBeLessThanOrEqual(cpus)
        expect(counted).toBe(Math.ceil(threads / 2))
      })
    )
  })

  it("are two for a tensorflow stage on a machine of two, beside which there is room for another, and one each for wasm", () => {
    expect(threadPlan("tensorflow", 2)).toEqual({ threads: 2, cpus: 1, slots: 1 })
    expect(threadPlan("wasm", 2)).toEqual({ threads: 1, cpus: 1, slots: 2 })
    expect(threadPlan("webgpu", 32).slots).toBe(1)
    expect(threadPlan("tensorflow", 32)).toEqual({ threads: 8, cpus: 4, slots: 4 })
    expect(threadPlan("tensorflow", 4, 1)).toEqual({ threads: 1, cpus: 1, slots: 4 })
  })

  it("leave room for as many stages as half of the threads have CPUs; for one alone where it asks for all of them, or is expected to fill the memory", async () => {
    const cpus = availableParallelism()
    /** How many of some stages have a place when none has ended. */
    const served = (resources: Demand["resources"], bytes = 0) =>
      Effect.gen(function* () {
        const { places } = localExecutor(() => Effect.die("nothing is run"))
        const { contend } = yield* places({
          jobs: 2 * cpus + 2,
          engine: Effect.succeed("tensorflow"),
          run: "run",
          directory: tmpdir(),
          expectedMemory: () => ({ bytes, because: "it took as much" })
        })
        const kind = { engine: true, isolation: "process" as const }
        const demands = Array.from({ length: 2 * cpus + 2 }, (_, order) => ({
          id: `${order}`,
          stage: "train",
          order,
          kind,
          resources
        }))
        let count = 0
        for (const demand of demands) {
          const place = yield* contend({ ...demand, timeoutSeconds: undefined })
          yield* Effect.forkScoped(
            Effect.andThen(
              place.take(() => {}),
              Effect.sync(() => void (count += 1))
            )
          )
        }
        yield* Effect.sleep(100)
        return count
      }).pipe(Effect.scoped, Effect.runPromise)
    expect(await served({})).toBe(Math.max(1, Math.floor(cpus / machineThreadPlan("tensorflow").cpus)))
    expect(await served({ cpu: cpus })).toBe(1)
    expect(await served({}, totalmem())).toBe(1)
    expect(await served({ memory: 1 }, totalmem())).toBe(await served({}))
  })
})
