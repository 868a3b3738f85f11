import { existsSync, readdirSync, readFileSync } from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { gitState } from "../../src/project/git-state.ts"
import { packageFacts } from "../../src/project/package-facts.ts"
import type { RunEvent, StageStarted } from "../../src/run/event.ts"
import { diamond } from "./diamond.ts"
import { storeAt, tallyOf } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()
const starts = (name: string): number => tallyOf(place.tally).filter((line) => line.startsWith(`${name} `)).length
const started = (events: ReadonlyArray<RunEvent>, id: string): StageStarted | undefined =>
  events.find((event) => event.type === "stage-started" && event.id === id) as StageStarted | undefined

describe("a run of real workers", () => {
  it("computes a diamond once, and the second time finds everything", async () => {
    const first = await runGraph(place.cache, diamond(place.tally))
    expect(first.result.status).toBe("done")
    expect(first.statuses).toEqual({ a: "ran", b: "ran", c: "ran", d: "ran" })
    expect(first.result.stages.at(-1)?.metrics).toEqual({ sum: 112 })
    expect(first.events.at(0)?.type).toBe("run-started")
    expect(first.events.at(-1)?.type).toBe("run-finished")
    const second = await runGraph(place.cache, diamond(place.tally))
    expect(second.statuses).toEqual({ a: "hit", b: "hit", c: "hit", d: "hit" })
    expect(second.digests).toEqual(first.digests)
    expect(second.result.stages.at(-1)?.metrics).toEqual({ sum: 112 })
    expect(tallyOf(place.tally)).toHaveLength(4)
    expect(readdirSync(join(place.cache, "partial"))).toEqual([])
  })

  it("keeps where a result comes from and what it cost, and says what the hits saved", async () => {
    const { result } = await runGraph(place.cache, diamond(place.tally))
    const [a] = result.stages
    const record = await Effect.runPromise(storeAt(place.cache).action(a?.key ?? ""))
    expect(record?.provenance).toEqual({
      code: await gitState(import.meta.dirname),
      version: packageFacts.version,
      node: process.versions.node,
      host: hostname(),
      device: "cpu",
      cpuSeconds: expect.any(Number),
      gpuSeconds: 0,
      peakMemory: expect.any(Number)
    })
    expect(record?.provenance?.cpuSeconds).toBeGreaterThan(0)
    expect(record?.provenance?.cpuSeconds).toBeLessThan(60)
    expect(record?.provenance?.peakMemory).toBeGreaterThan(20_000_000)
    const { spent } = result.cost
    expect(spent.unmeasured).toBe(0)
    expect((await runGraph(place.cache, diamond(place.tally))).result.cost).toEqual({
      spent: { seconds: 0, cpuSeconds: 0, gpuSeconds: 0, unmeasured: 0 },
      saved: { ...spent, seconds: expect.closeTo(spent.seconds, 6), cpuSeconds: expect.closeTo(spent.cpuSeconds, 6) }
    })
  })

  it("uses warm workers again, and never two stages in one at once", async () => {
    await runGraph(place.cache, diamond(place.tally), { jobs: 1 })
    const pids = tallyOf(place.tally).map((line) => line.split(" in ")[1])
    expect(new Set(pids).size).toBe(1)
  })

  it("runs what a changed parameter reaches, and says which parameter it was", async () => {
    await runGraph(place.cache, diamond(place.tally))
    const changed = diamond(place.tally, { c: { params: { plus: 200 } } })
    const { statuses, events, result } = await runGraph(place.cache, changed)
    expect(statuses).toEqual({ a: "hit", b: "hit", c: "ran", d: "ran" })
    expect(started(events, "c")?.reasons).toEqual([{ path: "params.plus", before: 100, after: 200, source: null }])
    expect(started(events, "d")?.reasons.map(({ path }) => path)).toEqual(["inputs.all[i=1]"])
    expect(result.stages.find(({ id }) => id === "d")?.metrics).toEqual({ sum: 212 })
  })

  it("cuts off where a stage that ran again gave the same bytes", async () => {
    await runGraph(place.cache, diamond(place.tally))
    // Other code, same sum: c runs, d does not.
    const { statuses, digests } = await runGraph(place.cache, diamond(place.tally, { c: { code: "2" } }))
    expect(statuses).toEqual({ a: "hit", b: "hit", c: "ran", d: "hit" })
    expect(starts("d")).toBe(1)
    expect(Object.values(digests)).not.toContain(null)
  })

  it("needs only action records for hits: all blobs may be gone", async () => {
    const first = await runGraph(place.cache, diamond(place.tally))
    const { rmSync } = await import("node:fs")
    rmSync(join(place.cache, "objects"), { recursive: true })
    const second = await runGraph(place.cache, diamond(place.tally))
    expect(second.statuses).toEqual({ a: "hit", b: "hit", c: "hit", d: "hit" })
    expect(second.digests).toEqual(first.digests)
  })

  it("runs an inline stage in the head, as an artifact of the kind that a parameter names", async () => {
    const { result, statuses } = await runGraph(place.cache, [
      { id: "a", kind: "add", params: { plus: 1, tally: place.tally } },
      { id: "b", kind: "inline-add", params: { plus: 4 }, inputs: { left: "a" }, output: "Files" }
    ])
    expect(result.firstCause).toBeUndefined()
    expect(statuses).toEqual({ a: "ran", b: "ran" })
    const artifact = await Effect.runPromise(storeAt(place.cache).artifact(result.stages[1]?.digest ?? ""))
    expect(artifact.kind).toBe("Files")
    expect(await Effect.runPromise(artifact.readText("numbers.json"))).toBe("[5]\n")
  })

  it("computes only what is wanted, and what that needs", async () => {
    const { statuses } = await runGraph(place.cache, diamond(place.tally), { wanted: new Set(["b"]) })
    expect(statuses).toEqual({ a: "ran", b: "ran" })
  })

  it("refuses to run what must be a hit", async () => {
    const { statuses, result } = await runGraph(place.cache, diamond(place.tally), {
      mustHit: new Set(["a", "b", "c"])
    })
    expect(statuses).toEqual({ a: "skipped", b: "skipped", c: "skipped", d: "skipped" })
    expect(result.status).toBe("failed")
    expect(result.firstCause?.problem).toContain("not among the stages that may run")
    expect(tallyOf(place.tally)).toEqual([])
  })

  it("runs a forced stage again; equal bytes change nothing below", async () => {
    const first = await runGraph(place.cache, diamond(place.tally))
    const { statuses, digests, events } = await runGraph(place.cache, diamond(place.tally), { force: new Set(["b"]) })
    expect(statuses).toEqual({ a: "hit", b: "ran", c: "hit", d: "hit" })
    expect(digests).toEqual(first.digests)
    expect(started(events, "b")?.reasons).toEqual([{ path: "forced", source: null }])
  })

  it("keeps events and a log for each stage that ran", async () => {
    const { result, events } = await runGraph(place.cache, diamond(place.tally))
    const lines = readFileSync(join(result.directory, "events.ndjson"), "utf8").trimEnd().split("\n")
    expect(lines.map((line) => (JSON.parse(line) as RunEvent).type)).toEqual(events.map(({ type }) => type))
    const log = result.stages.at(-1)?.log ?? ""
    expect(readFileSync(log, "utf8")).toBe("sum 112\n")
    expect(events.some((event) => event.type === "stage-log" && event.id === "d" && event.line === "sum 112")).toBe(
      true
    )
    const runs = await Effect.runPromise(storeAt(place.cache).runs)
    expect(runs).toMatchObject([{ id: result.run, place: result.directory, experiment: "test.yaml" }])
  })

  it("writes nothing of the environment into the store", async () => {
    process.env["A_SECRET_OF_THE_TEST"] = "correct horse battery staple"
    await runGraph(
      place.cache,
      [
        { id: "a", kind: "misbehave", params: { how: "fatal", tally: place.tally } },
        { id: "b", kind: "add", params: { tally: place.tally } }
      ],
      { keepGoing: true }
    )
    delete process.env["A_SECRET_OF_THE_TEST"]
    const files = readdirSync(place.cache, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    expect(files.length).toBeGreaterThan(5)
    for (const file of files) {
      expect(readFileSync(join(file.parentPath, file.name), "utf8")).not.toContain("correct horse")
    }
    expect(existsSync(join(place.cache, "actions"))).toBe(true)
  })
})
