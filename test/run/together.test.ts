import { readFileSync, readdirSync } from "node:fs"
import { join } from "node:path"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { Executor } from "../../src/execute/executor.ts"
import type { JobDone } from "../../src/execute/job.ts"
import { localExecutor } from "../../src/execute/local/local-executor.ts"
import type { RunEvent } from "../../src/run/event.ts"
import { run } from "../../src/run/run.ts"
import { machineThreadPlan } from "../../src/execute/local/thread-plan.ts"
import { Store } from "../../src/store/store.ts"
import { makeGraph, optionsFor, storeAt } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()

const source = (id: string): StageSpec => ({ id, kind: "add", params: { plus: 1, tally: place.tally, name: id } })

const sum = (plus: number, params: StageSpec["params"] = {}, more: Partial<StageSpec> = {}): StageSpec => ({
  id: `sum[plus=${plus}]`,
  stage: "sum",
  kind: "sum-together",
  params: { plus, tally: `${place.tally}-passes`, ...params },
  inputs: { of: "one" },
  ...more
})

const done = (id: string, together: number): JobDone => ({
  digest: `digest-${id}`,
  metrics: {},
  engine: null,
  together,
  host: "here",
  use: { cpuSeconds: 1, peakMemory: 1 }
})

const passes = (): ReadonlyArray<string> => readFileSync(`${place.tally}-passes`, "utf8").trim().split("\n")

describe("instances that share an input", () => {
  it("are done in one pass, in one slot, with the digests that they have apart", async () => {
    const specs = [source("one"), sum(10), sum(20), sum(30)]
    const together = await runGraph(place.cache, specs, { jobs: 1 })
    expect(passes()).toEqual(["10 20 30"])
    expect(Object.values(together.statuses)).toEqual(["ran", "ran", "ran", "ran"])
    for (const plus of [10, 20, 30]) {
      const apart = await runGraph(`${place.cache}-${plus}`, [source("one"), sum(plus)])
      expect(apart.digests[`sum[plus=${plus}]`]).toBe(together.digests[`sum[plus=${plus}]`])
    }
    const again = await runGraph(place.cache, specs, { jobs: 1 })
    expect(Object.values(again.statuses)).toEqual(["hit", "hit", "hit", "hit"])
  })

  it("join a pass that waits for its place, also where they become ready one after the other", async () => {
    const slow = (id: string, milliseconds: number): StageSpec => ({
      id,
      kind: "add",
      params: { plus: 1, tally: place.tally, name: id, milliseconds }
    })
    // The first two are done while the third holds the only slot.
    const specs = [slow("one", 0), slow("two", 0), slow("three", 100), sum(10, {}, { needs: ["two"] }), sum(20)]
    await runGraph(place.cache, specs, { jobs: 1 })
    expect(passes()).toEqual(["10 20"])
  })

  it("leave out what is a hit, what has another input, and what wants to be by itself", async () => {
    const two: StageSpec = { ...source("two"), params: { plus: 2, tally: place.tally } }
    await runGraph(place.cache, [source("one"), sum(10)])
    await runGraph(place.cache, [
      source("one"),
      two,
      sum(10),
      sum(20),
      sum(30),
      sum(40, { apart: true }),
      { ...sum(50), inputs: { of: "two" } }
    ])
    expect(passes()[0]).toBe("10")
    expect(passes().slice(1).toSorted()).toEqual(["20 30", "40", "50"])
  })

  it("run each by itself where the pass fails, so that one failure costs one result", async () => {
    const all = { resources: { cpu: 1e6 } }
    const inputs = { left: "sum[plus=10]" }
    const below: StageSpec = { id: "below", kind: "add", params: { tally: place.tally }, inputs, ...all }
    const specs = [source("one"), sum(10, {}, all), sum(-1, {}, all), sum(30, {}, all), below]
    const { statuses, events, result } = await runGraph(place.cache, specs, { keepGoing: true })
    // What waits for the place is told who has it: not one that has its result already.
    const waits = events.flatMap((event) => (event.type === "stage-waiting" && event.id === "below" ? [event.for] : []))
    expect(waits[0]).toMatch(/in use by sum\[plus=-1\], sum\[plus=30\]$/)
    expect(statuses).toMatchObject({
      below: "ran",
      one: "ran",
      "sum[plus=10]": "ran",
      "sum[plus=-1]": "failed",
      "sum[plus=30]": "ran"
    })
    expect(passes()).toEqual(["10 -1 30", "10", "-1", "30"])
    expect(result.firstCause?.problem).toBe("plus is -1")
    const lines = events.flatMap((event) => (event.type === "stage-log" ? [event.line] : []))
    expect(lines.filter((line) => line.includes("together failed: plus is -1; now each by itself"))).toHaveLength(3)
  })

  it("are split where their estimates of memory exceed the machine's", async () => {
    const resources = { memory: 2 ** 50 }
    await runGraph(place.cache, [source("one"), sum(10, {}, { resources }), sum(20, {}, { resources })])
    expect(passes().toSorted()).toEqual(["10", "20"])
  })

  it("end with the run's time-out, and leave nothing running", async () => {
    const slow = { seconds: 30 }
    const { statuses } = await runGraph(place.cache, [
      source("one"),
      sum(10, slow, { timeoutSeconds: 1 }),
      sum(20, slow, { timeoutSeconds: 1 })
    ])
    expect(statuses["sum[plus=10]"]).toBe("failed")
    expect(statuses["sum[plus=20]"]).not.toBe("ran")
    const left = readdirSync(join(place.cache, "partial"), { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile())).toEqual([])
  })

  it("tell, when the run is interrupted, from which checkpoint they go on: the one that is saved then", async () => {
    const begun = Deferred.makeUnsafe<void>()
    const executor = localExecutor(({ jobs, onEvent }) => {
      if (jobs[0].id === "one") return Effect.succeed([done("one", 1)])
      Deferred.doneUnsafe(begun, Effect.void)
      const at = { done: 5, total: 10, unit: "steps" }
      const save = Effect.sync(() => jobs.forEach(({ id }) => onEvent({ type: "checkpoint", id, at })))
      return Effect.onInterrupt(Effect.never, () => Effect.delay(save, "100 millis"))
    })
    const store = { ...storeAt(place.cache), losses: () => Effect.succeed([]) }
    const specs = [source("one"), sum(10), sum(20)]
    const events: Array<RunEvent> = []
    const running = run(
      makeGraph(specs),
      optionsFor(specs, (event) => events.push(event))
    ).pipe(Effect.provideService(Executor, executor), Effect.provideService(Store, store))
    await Effect.runPromise(Effect.raceFirst(running, Deferred.await(begun)))
    const from = events.flatMap((event) => (event.type === "stage-interrupted" ? [event.from?.done] : []))
    expect(from).toEqual([5, 5])
  })

  it("are split where the machine computes several at the same time, so that no share of it is idle", async () => {
    const before = process.env["PIPELINE_THREADS"]
    process.env["PIPELINE_THREADS"] = "1"
    const { slots } = machineThreadPlan("tensorflow")
    const passesSeen: Array<number> = []
    const executor = localExecutor(({ jobs }) => {
      passesSeen.push(jobs.length)
      return Effect.succeed(jobs.map(({ id }) => done(id, jobs.length)))
    })
    const store = { ...storeAt(place.cache), losses: () => Effect.succeed([]) }
    const specs = [source("one"), ...Array.from({ length: 3 * slots }, (_, i) => sum(i))]
    const { instances } = makeGraph(specs)
    const graph = {
      instances: instances.map((one) => ({ ...one, kind: { ...one.kind, engine: one.stage === "sum" } }))
    }
    await Effect.runPromise(
      run(
        graph,
        optionsFor(specs, () => {})
      ).pipe(Effect.provideService(Executor, executor), Effect.provideService(Store, store))
    )
    if (before === undefined) delete process.env["PIPELINE_THREADS"]
    else process.env["PIPELINE_THREADS"] = before
    expect(passesSeen).toEqual([1, ...Array.from({ length: slots }, () => 3)])
  })
})
