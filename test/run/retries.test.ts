import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { expect, it } from "vitest"
import { Executor, JobFailed } from "../../src/execute/executor.ts"
import { localExecutor } from "../../src/execute/local/local-executor.ts"
import type { RunEvent } from "../../src/run/event.ts"
import { run } from "../../src/run/run.ts"
import { Store } from "../../src/store/store.ts"
import { makeGraph, optionsFor, storeAt } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()
/** What is really on the disk or in the event loop takes its time, whatever the clock says. */
const settle = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 2)))

it("retries come after 20, 40, 60 and 60 seconds, a quarter more or less, by Effect's clock", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const starts: Array<number> = []
      const executor = localExecutor(() =>
        Effect.gen(function* () {
          starts.push(yield* Clock.currentTimeMillis)
          return yield* new JobFailed({ problem: "not yet", retryable: true, losses: [] })
        })
      )
      const specs: ReadonlyArray<StageSpec> = [{ id: "s", kind: "add", params: { tally: "" }, retries: 4 }]
      const events: Array<RunEvent> = []
      const options = optionsFor(specs, (event) => events.push(event), { retrySeconds: 20 })
      const store = { ...storeAt(place.cache), losses: () => Effect.succeed([]) }
      const running = yield* Effect.forkChild(
        run(makeGraph(specs), options).pipe(
          Effect.provideService(Executor, executor),
          Effect.provideService(Store, store)
        )
      )
      while (running.pollUnsafe() === undefined) {
        yield* settle
        yield* TestClock.adjust("1 second")
      }
      const { stages, seconds } = yield* Fiber.join(running)
      expect(stages).toMatchObject([{ status: "failed", problem: "not yet" }])
      const delays = starts.slice(1).map((start, i) => (start - (starts[i] ?? 0)) / 1000)
      expect(delays).toHaveLength(4)
      for (const [i, base] of [20, 40, 60, 60].entries()) {
        expect(delays[i]).toBeGreaterThanOrEqual(0.75 * base)
        expect(delays[i]).toBeLessThanOrEqual(1.25 * base + 2)
      }
      expect(seconds).toBeGreaterThan(130)
      expect(events.filter(({ type }) => type === "stage-retry")).toHaveLength(4)
    }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))
  ))
