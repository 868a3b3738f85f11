import { mkdtempSync, readdirSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, it, vi } from "vitest"
import type { ExecutorSettings } from "../../../src/specification/executor-settings.ts"
import type { RunEvent } from "../../../src/run/event.ts"
import { countedTo } from "../../run/counted-to.ts"
import { diamond } from "../../run/diamond.ts"
import { type StageSpec, tallyOf } from "../../run/experiment.ts"
import { runGraph } from "../../run/run-graph.ts"
import { type Head, startHead } from "../../run/start-head.ts"
import { temporaryCache } from "../../run/temporary-cache.ts"
import { jobsOf, startSlurm, warnOfTimeLimit } from "./slurm-server.ts"

const place = temporaryCache()
const server = await startSlurm(mkdtempSync(join(tmpdir(), "slurm-")))
afterAll(() => server?.stop())

const onSlurm = (settings: ExecutorSettings["slurm"] = {}): ExecutorSettings => ({
  use: "slurm",
  slurm: { poll: 0.3, ...settings }
})

/** A run of its own process. No checkpoint is due by time in it. */
const headOf = (specs: ReadonlyArray<StageSpec>, settings: ExecutorSettings["slurm"] = {}): Head =>
  startHead(place.cache, specs, { everySeconds: "3600", executor: onSlurm(settings) })

/** Counts until the gate is opened, however slow the machine is. */
const counting = (to: number): ReadonlyArray<StageSpec> => [
  {
    id: "count",
    kind: "count",
    params: { to, milliseconds: 30, tally: place.tally, gate: join(place.folder, "gate") }
  }
]
const openGate = (): void => writeFileSync(join(place.folder, "gate"), "")
const isProgress = (event: RunEvent): boolean => event.type === "stage-progress"
const logOf = ({ events }: Head): string =>
  events.flatMap((event) => (event.type === "stage-log" ? [event.line] : [])).join("\n")
const outcomeOf = ({ events }: Head) => {
  const last = events.at(-1)
  return last?.type === "run-finished" ? last.stages : []
}
describe.skipIf(server === undefined)("a run on a Slurm cluster", () => {
  it("gives the digests that it has on this machine; what becomes ready together and is alike is one array", async () => {
    const specs = diamond(place.tally, { b: { stage: "wide" }, c: { stage: "wide" } })
    const before = jobsOf().length
    const head = headOf(specs)
    expect(await head.exit).toBe(0)
    const here = await runGraph(join(place.folder, "other"), specs)
    expect(outcomeOf(head).map(({ id, digest }) => [id, digest])).toEqual(Object.entries(here.digests))
    const arrays = jobsOf().slice(before)
    expect(arrays.filter((line) => /_[01] COMPLETED$/.test(line))).toHaveLength(2)
    expect(arrays).toHaveLength(4)
  })

  it("is found again when its head was killed, while its job runs and after that has ended: nothing is computed twice", async () => {
    const first = headOf(counting(40))
    await first.event(isProgress)
    first.child.kill("SIGKILL")
    await first.exit
    const second = headOf(counting(40))
    await second.event(isProgress)
    expect(logOf(second)).toContain("of an earlier run, does this already: it is waited for")
    second.child.kill("SIGKILL")
    await second.exit
    openGate()
    await vi.waitUntil(() => jobsOf().at(-1)?.endsWith(" COMPLETED"), { timeout: 60_000, interval: 200 })
    const third = headOf(counting(40))
    expect(await third.exit).toBe(0)
    expect(tallyOf(place.tally)).toEqual(["count from 0"])
    expect(outcomeOf(third)[0]).toMatchObject({ status: "ran", metrics: { last: countedTo(40) } })
    expect(readdirSync(join(place.cache, "jobs"))).toEqual([])
  })

  it("goes on from its checkpoint as a further job when its time is up", async () => {
    const head = headOf(counting(200))
    await head.event((event) => event.type === "stage-progress" && event.done >= 20)
    // As Slurm does by itself, but not before half a minute.
    warnOfTimeLimit()
    openGate()
    expect(await head.exit).toBe(0)
    expect(logOf(head)).toMatch(/Slurm job (\d+) came to its time limit.*\n(.*\n)*Slurm job (?!\1)\d+ runs on/)
    const [first, second] = tallyOf(place.tally)
    expect(first).toBe("count from 0")
    expect(Number(second?.split(" ").at(-1))).toBeGreaterThan(0)
    expect(outcomeOf(head)[0]?.metrics).toEqual({ last: countedTo(200) })
  })

  it("cancels its jobs on Ctrl-C, after they have saved their checkpoints", async () => {
    const head = headOf(counting(400))
    await head.event((event) => event.type === "stage-progress" && event.done >= 20)
    head.child.kill("SIGINT")
    expect(await head.exit).toBe(130)
    expect(jobsOf().filter((line) => !/COMPLETED|CANCELLED/.test(line))).toEqual([])
    const stopped = head.events.find((event) => event.type === "stage-interrupted")
    expect(stopped).toMatchObject({ resumes: true, from: { total: 400, unit: "steps" } })
    openGate()
    const next = await runGraph(place.cache, counting(400))
    expect(tallyOf(place.tally)).toEqual(["count from 0", `count from ${stopped?.from?.done}`])
    expect(next.result.stages[0]?.metrics).toEqual({ last: countedTo(400) })
  })

  it("says what Slurm says of a job that it refuses, and what was asked", async () => {
    const head = headOf(counting(1), { partition: "nowhere" })
    await head.exit
    expect(outcomeOf(head)[0]?.problem).toMatch(
      /^Slurm does not take the job:\n {2}invalid partition specified: nowhere[^]*It was: sbatch [^]*--partition=nowhere/
    )
  })

  it("says of a job that ran out of memory that it did, and where to ask for more", async () => {
    const head = headOf(counting(400), { memory: "60 MiB" })
    await head.exit
    expect(outcomeOf(head)[0]?.problem).toMatch(/^Slurm job \d+ ran out of memory[^]*resources: \{ memory: /)
  })
})
