import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import type { RunEvent } from "../../src/run/event.ts"
import { runGraph, tallyOf } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"

let folder = ""
let cache = ""
let tally = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "run-test-"))
  cache = join(folder, "cache")
  tally = join(folder, "tally")
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const starts = (name: string): number => tallyOf(tally).filter((line) => line.startsWith(`${name} `)).length

/** a = 1; b = a + 10; c = a + 100; d = b + c = 112. */
const diamond = (change: Partial<Record<string, Partial<StageSpec>>> = {}): ReadonlyArray<StageSpec> =>
  [
    { id: "a", kind: "add", params: { plus: 1, tally, name: "a" } },
    { id: "b", kind: "add", params: { plus: 10, tally, name: "b" }, inputs: { left: "a" } },
    { id: "c", kind: "add", params: { plus: 100, tally, name: "c" }, inputs: { left: "a" } },
    { id: "d", kind: "add", params: { tally, name: "d" }, inputs: { all: ["b", "c"] } }
  ].map((spec) => ({ ...spec, ...change[spec.id], params: { ...spec.params, ...change[spec.id]?.params } }))

describe("a run of real workers", () => {
  it("computes a diamond once, and the second time finds everything", async () => {
    const first = await runGraph(cache, diamond())
    expect(first.result.status).toBe("done")
    expect(first.statuses).toEqual({ a: "ran", b: "ran", c: "ran", d: "ran" })
    expect(first.result.stages.at(-1)?.metrics).toEqual({ sum: 112 })
    expect(first.events.at(0)?.type).toBe("run-started")
    expect(first.events.at(-1)?.type).toBe("run-finished")
    const second = await runGraph(cache, diamond())
    expect(second.statuses).toEqual({ a: "hit", b: "hit", c: "hit", d: "hit" })
    expect(second.digests).toEqual(first.digests)
    expect(second.result.stages.at(-1)?.metrics).toEqual({ sum: 112 })
    expect(tallyOf(tally)).toHaveLength(4)
    expect(readdirSync(join(cache, "partial")).flatMap((name) => readdirSync(join(cache, "partial", name)))).toEqual([])
  })
})
