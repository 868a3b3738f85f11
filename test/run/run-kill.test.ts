import type { ChildProcess } from "node:child_process"
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import type { RunEvent } from "../../src/run/event.ts"
import { countedTo } from "./counted-to.ts"
import { tallyOf } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"
import { type Head, startHead } from "./start-head.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()

const headOf = (
  specs: ReadonlyArray<StageSpec>,
  everySeconds = "0",
  env: Readonly<Record<string, string>> = {}
): Head => startHead(place.cache, specs, { everySeconds, env })

const counting = (to = 60): ReadonlyArray<StageSpec> => [
  { id: "count", kind: "count", params: { to, milliseconds: 30, tally: place.tally } }
]
const halfWay = (event: RunEvent): boolean => event.type === "stage-progress" && event.done >= 20

/** The head's only child. */
const workerOf = (head: ChildProcess): number => {
  const children = readFileSync(`/proc/${head.pid}/task/${head.pid}/children`, "utf8").trim().split(" ")
  return Number(children[0])
}
const isRunning = (pid: number): boolean => {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ")
  } catch {
    return false
  }
}
const until = async (test: () => boolean, ms: number): Promise<boolean> => {
  for (let waited = 0; waited < ms; waited += 50) {
    if (test()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return test()
}

const resumedAt = (): ReadonlyArray<number> =>
  tallyOf(place.tally).map((line) => Number(/^count from (\d+)$/.exec(line)?.[1]))

/** Ends only when the gate is opened: however slow the machine is, the first is at it when the second comes. */
const gated = (to: number): ReadonlyArray<StageSpec> =>
  counting(to).map((spec) => ({ ...spec, params: { ...spec.params, gate: join(place.folder, "gate") } }))
const openGate = (): void => writeFileSync(join(place.folder, "gate"), "")
const closeGate = (): void => rmSync(join(place.folder, "gate"))

describe("kill -9 in the middle of a stage", () => {
  it("of the head: the worker does not live on, and the next run goes on from the checkpoint", async () => {
    const head = headOf(gated(60))
    await head.event(halfWay)
    const worker = workerOf(head.child)
    expect(isRunning(worker)).toBe(true)
    head.child.kill("SIGKILL")
    await head.exit
    // The worker blocks its event loop all the time, and still notices.
    expect(await until(() => !isRunning(worker), 10_000)).toBe(true)
    openGate()
    const { result, events } = await runGraph(place.cache, gated(60))
    expect(result.status).toBe("done")
    expect(events.find((event) => event.type === "stage-started")).toMatchObject({ resumes: true })
    const [first, second] = resumedAt()
    expect(first).toBe(0)
    expect(second).toBeGreaterThanOrEqual(10)
    expect(result.stages[0]?.metrics).toEqual({ last: countedTo(60) })
  })

  it("of the worker: the run fails, and the next one goes on with the same final bytes", async () => {
    const head = headOf(gated(60))
    await head.event(halfWay)
    process.kill(workerOf(head.child), "SIGKILL")
    await head.exit
    expect(head.events.at(-1)).toMatchObject({ type: "run-finished", status: "failed" })
    openGate()
    const { result } = await runGraph(place.cache, gated(60))
    expect(resumedAt()[1]).toBeGreaterThanOrEqual(10)
    // Undisturbed, in another store.
    const other = await runGraph(`${place.cache}-other`, gated(60))
    expect(result.stages[0]?.digest).toBe(other.result.stages[0]?.digest)
  })

  it("of the worker, with a retry left: the same run goes on from the checkpoint", async () => {
    const head = headOf(gated(60).map((spec) => ({ ...spec, retries: 1 })))
    await head.event(halfWay)
    process.kill(workerOf(head.child), "SIGKILL")
    openGate()
    expect(await head.exit).toBe(0)
    expect(resumedAt()[1]).toBeGreaterThanOrEqual(10)
    expect(head.events.at(-1)).toMatchObject({ status: "done", stages: [{ metrics: { last: countedTo(60) } }] })
  })

  it("at any moment, again and again: every run gets further, and the end is the same", async () => {
    for (const delay of [100, 500, 900]) {
      const head = headOf(counting(), "0")
      await head.event((event) => event.type === "stage-started")
      await new Promise((resolve) => setTimeout(resolve, delay))
      head.child.kill("SIGKILL")
      await head.exit
    }
    const { result } = await runGraph(place.cache, counting())
    expect(result.stages[0]?.metrics).toEqual({ last: countedTo(60) })
    const from = resumedAt()
    expect(from).toEqual(from.toSorted((a, b) => a - b))
  })
})

describe("Ctrl-C", () => {
  it("saves a checkpoint first, however long ago the last one was: no step is lost, and the run exits with 130", async () => {
    const head = headOf(gated(60), "3600")
    await head.event(halfWay)
    const worker = workerOf(head.child)
    head.child.kill("SIGINT")
    expect(await head.exit).toBe(130)
    expect(isRunning(worker)).toBe(false)
    const problem = expect.stringMatching(/^interrupted at step \d+ of 60; the same command goes on from there$/)
    const stages = [{ status: "interrupted", problem }]
    expect(head.events.at(-1)).toMatchObject({ type: "run-finished", status: "interrupted", stages })
    const stopped = head.events.find((event) => event.type === "stage-interrupted")
    const step = stopped?.from?.done ?? 0
    expect(step).toBeGreaterThanOrEqual(20)
    expect(stopped).toMatchObject({ id: "count", resumes: true, reached: { done: step, total: 60, unit: "steps" } })
    openGate()
    const { result } = await runGraph(place.cache, gated(60))
    expect(result.stages[0]?.metrics).toEqual({ last: countedTo(60) })
    expect(resumedAt()).toEqual([0, step])
  })
})

describe("two runs that need the same key", () => {
  it("compute it once: the second waits for the first, and says for whom", async () => {
    const first = headOf(gated(10))
    await first.event((event) => event.type === "stage-progress")
    const second = headOf(gated(10))
    const waiting = await second.event((event) => event.type === "stage-waiting")
    expect(waiting).toMatchObject({ id: "count", for: expect.stringContaining(`process ${first.child.pid} on`) })
    openGate()
    expect(await first.exit).toBe(0)
    expect(await second.exit).toBe(0)
    expect(second.events.at(-1)).toMatchObject({ status: "done", stages: [{ status: "hit" }] })
    expect(resumedAt()).toEqual([0])
  })

  it("go on at once where the first dies: the second takes over from its checkpoint", async () => {
    const first = headOf(gated(30))
    await first.event(halfWay)
    const second = headOf(gated(30))
    await second.event((event) => event.type === "stage-waiting")
    first.child.kill("SIGKILL")
    const before = performance.now()
    await second.event((event) => event.type === "stage-started")
    // A lease that had to expire would take half a minute.
    expect(performance.now() - before).toBeLessThan(10_000)
    openGate()
    expect(await second.exit).toBe(0)
    expect(second.events.at(-1)).toMatchObject({ stages: [{ status: "ran", metrics: { last: countedTo(30) } }] })
    expect(resumedAt()[1]).toBeGreaterThanOrEqual(10)
  })

  it("of which one is paused for longer than its lease: its successor's result counts, and is not disturbed", async () => {
    const spec = gated(10)
    const first = headOf(spec, "0", { PIPELINE_LEASE_SECONDS: "1.2" })
    await first.event((event) => event.type === "stage-progress" && event.done === 10)
    first.child.kill("SIGSTOP")
    // The worker is not paused: it ends its stage, and its head has that before it when it wakes up.
    openGate()
    expect(await until(() => existsSync(join(place.cache, "objects")), 20_000)).toBe(true)
    await until(() => false, 500)
    closeGate()
    const second = headOf(spec)
    await second.event((event) => event.type === "stage-started")
    first.child.kill("SIGCONT")
    const waiting = await first.event((event) => event.type === "stage-waiting")
    expect(waiting).toMatchObject({ for: expect.stringContaining(`process ${second.child.pid} on`) })
    expect(existsSync(join(place.cache, "actions"))).toBe(false)
    openGate()
    expect(await second.exit).toBe(0)
    expect(await first.exit).toBe(0)
    expect(second.events.at(-1)).toMatchObject({ stages: [{ status: "ran", metrics: { last: countedTo(10) } }] })
    expect(first.events.at(-1)).toMatchObject({ stages: [{ status: "hit" }] })
    expect(resumedAt()).toEqual([0, 10])
  })

  it("within one run too: two stages that are the same are computed once", async () => {
    const twice = [...counting(10), { ...(counting(10)[0] as StageSpec), id: "again" }]
    const { statuses, result } = await runGraph(place.cache, twice)
    expect(Object.values(statuses).toSorted()).toEqual(["hit", "ran"])
    expect(result.stages[0]?.digest).toBe(result.stages[1]?.digest)
    expect(resumedAt()).toEqual([0])
  })
})
