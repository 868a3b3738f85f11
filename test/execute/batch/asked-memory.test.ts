import { join } from "node:path"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { batchExecutor } from "../../../src/execute/batch/batch-executor.ts"
import { batchOptions } from "../../../src/execute/batch/batch-options.ts"
import { type BatchSystem, SubmitRefused, type TaskNeeds } from "../../../src/execute/batch/batch-system.ts"
import type { Demand } from "../../../src/execute/executor.ts"
import type { Job } from "../../../src/execute/job.ts"
import { temporaryCache } from "../../run/temporary-cache.ts"

const place = temporaryCache()
const GIB = 1024 ** 3

/** What a batch system that refuses everything was asked for, and what people were told. */
const askedFor = async (
  settings: { readonly memory?: string },
  resources: Demand["resources"],
  saidByFile: number | null = null
) => {
  const asked: Array<TaskNeeds> = []
  const told: Array<string> = []
  const system: BatchSystem = {
    name: "refusing",
    title: "Refusing",
    most: 1,
    index: "0",
    submit: ({ needs }) => {
      asked.push(needs)
      return Effect.fail(new SubmitRefused({ problem: "no" }))
    },
    poll: () => Effect.succeed(new Map()),
    cancel: () => Effect.void
  }
  const demand: Demand = {
    id: "one[x=1]",
    stage: "one",
    order: 0,
    kind: { engine: false, isolation: "process" },
    resources,
    timeoutSeconds: undefined
  }
  const key = "ab".repeat(32)
  const job: Job = {
    id: demand.id,
    key,
    file: "one.ts",
    params: {},
    sources: {},
    facts: {},
    inputs: {},
    leftOut: [],
    output: "Numbers",
    store: { kind: "local", directory: place.cache },
    workspace: { key, epoch: 1 },
    attempt: 1,
    checkpointSeconds: 0,
    log: join(place.folder, "one.log"),
    engine: null,
    projectDirectory: place.folder,
    memory: saidByFile,
    programs: "no"
  }
  const submitted = Effect.gen(function* () {
    const { places } = yield* batchExecutor(batchOptions(system, settings))
    const { contend } = yield* places({
      jobs: 1,
      engine: Effect.succeed("wasm"),
      run: "r",
      directory: place.cache,
      expectedMemory: (stage) => (stage === "one" ? { bytes: 1.5 * GIB, because: "it took 1 GiB" } : undefined)
    })
    const placement = yield* (yield* contend(demand)).take(() => {})
    const onEvent = (event: { readonly type: string; readonly line?: string }) => void told.push(event.line ?? "")
    return yield* Effect.flip(placement.run({ jobs: [job], onEvent }))
  })
  expect((await Effect.runPromise(Effect.scoped(submitted))).problem).toBe("no")
  return { memory: asked[0]?.memory, told }
}

it("a stage that states no memory asks for what it is expected to take, and says why", async () => {
  expect(await askedFor({}, {})).toEqual({
    memory: 1.5 * GIB,
    told: ["Refusing is asked for 1.5 GiB of memory: it took 1 GiB; resources: { memory: ... } says otherwise"]
  })
})

it("what the file or the settings state goes before that, and is not explained", async () => {
  expect(await askedFor({}, { memory: 0.1 * GIB }, 0.1 * GIB)).toEqual({ memory: 0.1 * GIB, told: [] })
  expect(await askedFor({ memory: "2 GiB" }, {})).toEqual({ memory: 2 * GIB, told: [] })
})

it("what a stage kind says by itself is the least that it takes: it is asked for where it is more than is expected", async () => {
  expect((await askedFor({}, { memory: 0.1 * GIB })).memory).toBe(1.5 * GIB)
  expect(await askedFor({}, { memory: 7 * GIB })).toEqual({ memory: 7 * GIB, told: [] })
})
