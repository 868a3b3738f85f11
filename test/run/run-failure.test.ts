import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { indispensable, leaveOut } from "../../src/run/leave-out.ts"
import type { StageInstance } from "../../src/plan/stage-instance.ts"
import { makeGraph, tallyOf } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()

const failing = (how: string, more: Partial<StageSpec> & { readonly times?: number } = {}): StageSpec => {
  const { times = 1000, ...rest } = more
  return { id: "bad", kind: "misbehave", params: { how, times, tally: place.tally }, ...rest }
}
const starts = (): number => tallyOf(place.tally).filter((line) => line.startsWith("misbehave")).length

describe("a stage that fails", () => {
  it("is told with its problem, its remedy and its log; what needs it is skipped", async () => {
    const { result, statuses, events } = await runGraph(place.cache, [
      failing("fatal"),
      { id: "below", kind: "add", params: { tally: place.tally }, inputs: { left: "bad" } }
    ])
    expect(result.status).toBe("failed")
    expect(statuses).toEqual({ bad: "failed", below: "skipped" })
    expect(result.firstCause?.id).toBe("bad")
    expect(result.firstCause?.problem).toBe("the shape is wrong\n  Give it another one.")
    expect(result.firstCause?.tail).toEqual(["about to misbehave", "the shape is wrong", "  Give it another one."])
    expect(readFileSync(result.firstCause?.log ?? "", "utf8")).toContain("about to misbehave")
    expect(result.stages[1]?.problem).toBe("it needs bad, which failed")
    expect(events.at(-1)).toMatchObject({ type: "run-finished", status: "failed" })
  })

  it("is never a hit: it runs again the next time", async () => {
    const spec = failing("fatal", { times: 1 })
    expect((await runGraph(place.cache, [spec])).statuses).toEqual({ bad: "failed" })
    expect((await runGraph(place.cache, [spec])).statuses).toEqual({ bad: "ran" })
  })

  it("keeps the others from starting, unless the run is to keep going", async () => {
    const specs: ReadonlyArray<StageSpec> = [
      failing("fatal"),
      { id: "other", kind: "add", params: { tally: place.tally }, needs: ["slow"] },
      { id: "slow", kind: "add", params: { tally: place.tally, milliseconds: 4000, name: "slow" } }
    ].toSorted((a, b) => (a.id === "other" ? 1 : b.id === "other" ? -1 : 0))
    const stopped = await runGraph(place.cache, specs)
    // What was running ends; nothing new starts.
    expect(stopped.statuses).toEqual({ bad: "failed", slow: "ran", other: "skipped" })
    const kept = await runGraph(place.cache, specs, { keepGoing: true })
    expect(kept.statuses).toEqual({ bad: "failed", slow: "hit", other: "ran" })
    expect(kept.result.firstCause?.id).toBe("bad")
  })

  it("does not cost what can do without it: that is made, names it, and is made anew once it is there", async () => {
    const specs = (times: number): ReadonlyArray<StageSpec> => [
      { id: "good", kind: "add", params: { tally: place.tally } },
      failing("fatal", { times }),
      { id: "of-bad", kind: "add", params: { tally: place.tally }, inputs: { left: "bad", all: [] } },
      { id: "report", kind: "collect", inputs: { first: ["good"], rest: ["of-bad"] } }
    ]
    const first = await runGraph(place.cache, specs(2))
    expect(first.statuses).toEqual({ good: "ran", bad: "failed", "of-bad": "skipped", report: "ran" })
    expect(first.result).toMatchObject({ status: "failed", firstCause: { id: "bad" } })
    expect(first.result.stages.at(-1)).toMatchObject({ metrics: { items: 1 }, leftOut: ["of-bad"] })
    // Its key says what it lacks: so it is a hit while that is missing, and no longer once it is there.
    const second = await runGraph(place.cache, specs(2))
    expect(second.statuses).toEqual({ good: "hit", bad: "failed", "of-bad": "skipped", report: "hit" })
    const third = await runGraph(place.cache, specs(2))
    expect(third.statuses).toEqual({ good: "hit", bad: "ran", "of-bad": "ran", report: "ran" })
    expect(third.result.stages.at(-1)).toMatchObject({ metrics: { items: 2 }, leftOut: [] })
    expect(third.digests["report"]).not.toBe(first.digests["report"])
  })

  it("of a list that has to be there costs its own item; all of it, what is made of it", async () => {
    const add = (id: string): StageSpec => ({ id, kind: "add", params: { tally: place.tally, name: id } })
    const specs: ReadonlyArray<StageSpec> = [
      add("one"),
      failing("fatal"),
      { id: "of-bad", kind: "add", params: { tally: place.tally }, inputs: { left: "bad", all: [] } },
      { id: "some", kind: "collect", inputs: { first: ["one", "bad"] } },
      { id: "none", kind: "collect", inputs: { first: ["bad"], rest: ["one"] } },
      { id: "nothing", kind: "collect", inputs: { first: ["of-bad"] } }
    ]
    const { statuses, result } = await runGraph(place.cache, specs, { keepGoing: true })
    expect(statuses).toMatchObject({ some: "ran", none: "skipped", nothing: "skipped" })
    expect(result.stages.find(({ id }) => id === "some")).toMatchObject({ metrics: { items: 1 }, leftOut: ["bad"] })
    const collected = makeGraph(specs).instances.find(({ id }) => id === "some") as StageInstance
    const ref = (...ids: ReadonlyArray<string>) => ({
      shape: "list" as const,
      of: ids.map((instance) => ({ instance, at: {} }))
    })
    const named = { shape: "record" as const, of: { whole: ref("one"), half: ref("one", "bad") } }
    const instance = { ...collected, inputs: { named } }
    expect(indispensable(instance, ["bad"])).toEqual([])
    // A mean over fewer is another number: the whole entry is left out.
    expect(leaveOut(instance, ["bad"]).inputs).toEqual({ named: { shape: "record", of: { whole: ref("one") } } })
    expect(indispensable(instance, ["bad", "one"])).toEqual(["bad", "one"])
  })

  it.each([
    ["throw", "undefined is not a tensor"],
    ["nan", "metrics that are no finite number: value = NaN"],
    ["no-metric", "the stage gave no value, which it declares"],
    ["invalid", "not a list of numbers"]
  ])("%s: says so, and is not tried again", async (how, problem) => {
    const { result } = await runGraph(place.cache, [failing(how, { retries: 3 })])
    expect(result.firstCause?.problem).toContain(problem)
    expect(starts()).toBe(1)
  })

  it("throws: has its stack in the log", async () => {
    const { result } = await runGraph(place.cache, [failing("throw")])
    expect(readFileSync(result.firstCause?.log ?? "", "utf8")).toMatch(
      /TypeError: undefined is not a tensor\n\s+at .*misbehave\.ts/
    )
  })

  it.each(["retryable", "killed", "exit"])("%s: is tried again as often as it may be", async (how) => {
    const { statuses, events } = await runGraph(place.cache, [failing(how, { retries: 2, times: 2 })])
    expect(statuses).toEqual({ bad: "ran" })
    expect(starts()).toBe(3)
    expect(events.filter(({ type }) => type === "stage-retry")).toHaveLength(2)
    const attempts = events.filter((event) => event.type === "stage-started").map((event) => event.attempt)
    expect(attempts).toEqual([1, 2, 3])
  })

  it("killed, with no retry left: names what usually kills", async () => {
    const { result } = await runGraph(place.cache, [failing("killed", { retries: 1 })])
    expect(starts()).toBe(2)
    expect(result.firstCause?.problem).toContain("out of memory")
  })

  it("ends by itself: what it printed last is the tail of its log", async () => {
    const { result } = await runGraph(place.cache, [failing("exit")])
    expect(result.firstCause?.problem).toBe("the worker ended with exit code 134 before it was done")
    expect(result.firstCause?.tail.at(-1)).toBe("native library: assertion failed")
  })

  it("dies of an error that nothing caught: is told with it, and with its line", async () => {
    const { result } = await runGraph(place.cache, [failing("uncaught")])
    expect(result.firstCause?.problem).toMatch(
      /^the worker ended with exit code \d+ before it was done: RangeError: from a timer \(\/.*misbehave\.ts:\d+\)$/
    )
    expect(result.firstCause?.tail.join("\n")).toContain("RangeError: from a timer")
  })

  it("fills the memory of JavaScript: is told so, and not tried again", async () => {
    const { result } = await runGraph(place.cache, [failing("heap", { retries: 3 })])
    expect(result.firstCause?.problem).toMatch(/ran out of memory for JavaScript: .*--max-old-space-size/)
    expect(starts()).toBe(1)
  })

  it("returns nothing, a text for a number, or writes what the store writes: each is told in words", async () => {
    const why = async (how: string) => (await runGraph(place.cache, [failing(how)])).result.firstCause?.problem
    expect(await why("nothing")).toBe("the stage gave no value, which it declares")
    expect(await why("text-metric")).toBe('metrics that are no finite number: value = "1"')
    expect(await why("reserved")).toBe(
      "metrics.json is invalid: it is written from what `run` returns; give your file another name"
    )
  })

  it("hangs: ends at its timeout, with the programs that it started", async () => {
    const start = performance.now()
    const { result } = await runGraph(place.cache, [failing("hang", { timeoutSeconds: 10, retries: 3 })])
    expect(result.firstCause?.problem).toContain("longer than its timeout of 10 s")
    expect(performance.now() - start).toBeLessThan(25_000)
    const pid = Number(tallyOf(place.tally)[0]?.split(" ")[1])
    // The whole process group is gone.
    expect(() => process.kill(-pid, 0)).toThrow("ESRCH")
    expect(starts()).toBe(1)
  })
})
