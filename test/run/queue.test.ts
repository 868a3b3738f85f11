/** Runs on an executor that has a queue of its own, as a batch system has: here each job begins when the test says so. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { describe, expect, it } from "vitest"
import { Executor, type JobRequest } from "../../src/execute/executor.ts"
import type { JobDone } from "../../src/execute/job.ts"
import { run } from "../../src/run/run.ts"
import { layer as localStore } from "../../src/store/local/local-store.ts"
import { makeGraph, optionsFor, type StageSpec, type TestOptions } from "./experiment.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()

const done: JobDone = {
  digest: "0".repeat(64),
  metrics: { sum: 1 },
  engine: null,
  together: 1,
  host: "node",
  use: { cpuSeconds: 1, peakMemory: 1 },
  seconds: 7
}

const queueing = (job: (request: JobRequest) => Effect.Effect<void>) =>
  Layer.succeed(Executor, {
    places: () =>
      Effect.succeed({
        contend: () =>
          Effect.succeed({
            take: () =>
              Effect.succeed({
                device: "a queue",
                gpus: 0,
                gpuMissing: false,
                engine: null,
                queues: true,
                largest: { vram: null, memory: null },
                run: (request) => Effect.as(job(request), [done])
              }),
            withdraw: Effect.void
          }),
        sideBySide: () => Effect.succeed(1),
        fits: () => Effect.succeed(true)
      }),
    unmet: () => Effect.succeed([])
  })

const runOn = (
  job: (request: JobRequest) => Effect.Effect<void>,
  spec: Partial<StageSpec>,
  options: TestOptions = {}
) => {
  const specs: ReadonlyArray<StageSpec> = [{ id: "add", kind: "add", params: { tally: place.tally }, ...spec }]
  return Effect.runPromise(
    run(
      makeGraph(specs),
      optionsFor(specs, () => {}, options)
    ).pipe(Effect.provide([localStore(place.cache), queueing(job)]))
  )
}
const begin = ({ onEvent }: JobRequest): Effect.Effect<void> => Effect.sync(() => onEvent({ type: "began", id: "add" }))

describe("a stage that waits in a queue", () => {
  it("has its timeout from when it begins, and costs what its job took", async () => {
    const late = (request: JobRequest) => Effect.sleep(300).pipe(Effect.andThen(begin(request)))
    const { stages } = await runOn(late, { timeoutSeconds: 0.2 })
    expect(stages[0]).toMatchObject({ status: "ran", seconds: 7 })
    const slow = (request: JobRequest) => Effect.andThen(begin(request), Effect.sleep(5_000))
    const again = await runOn(slow, { timeoutSeconds: 0.2, code: "2" })
    expect(again.stages[0]).toMatchObject({ status: "failed", problem: expect.stringContaining("timeout of 0.2 s") })
  })

  it("is refused where its code changed while it waited, also when it is done before that is seen; and so is what goes on from it", async () => {
    const once = (request: JobRequest) => begin(request)
    const twice = (request: JobRequest) =>
      begin(request).pipe(
        Effect.andThen(Effect.sleep(100)),
        Effect.andThen(begin(request)),
        Effect.andThen(Effect.never)
      )
    for (const [job, goodChecks] of [
      [once, 1],
      [twice, 2]
    ] as const) {
      let checks = 0
      const changedSincePlan = () => Effect.sync(() => (checks++ < goodChecks ? undefined : "add.ts"))
      const { stages } = await runOn(job, { code: String(goodChecks + 2) }, { changedSincePlan })
      expect(stages[0]).toMatchObject({
        status: "failed",
        problem: expect.stringMatching(/^add\.ts has changed since/)
      })
    }
  })
})
