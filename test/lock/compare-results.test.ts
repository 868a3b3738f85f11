import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { agrees, compareResults, type Result } from "../../src/lock/compare-results.ts"
import { formatLock } from "../../src/lock/format-lock.ts"
import { keyDifference } from "../../src/lock/key-difference.ts"
import type { Lock } from "../../src/lock/lock.ts"
import { changesOf, type LockedResult, updateLock } from "../../src/lock/update-lock.ts"
import { upstreamOf } from "../../src/plan/manifest.ts"
import type { StageSpec } from "../run/experiment.ts"
import { absoluteTolerance } from "../../src/stage/metric.ts"
import { metricText } from "../../src/cli/render/reproduction-text.ts"
import { compute, type Machine, sha } from "./machine.ts"

const spec = (id: string, inputs: ReadonlyArray<string> = []): StageSpec => ({
  id,
  kind: "add",
  params: { tally: "t" },
  inputs: { all: inputs }
})
/** words is the same everywhere; train computes; report and other only read. */
const specs = [spec("words"), spec("train", ["words"]), spec("report", ["train"]), spec("other", ["words"])]
const here: Machine = { isa: "x64-avx512" }
const there: Machine = { isa: "x64-avx2" }

const knownOf = (results: ReadonlyArray<Result>): ReadonlySet<string> =>
  new Set(results.map(({ instance }) => instance.id))
const lockOf = (results: ReadonlyArray<Result>, before?: Lock, which: "all" | "outdated" = "all"): Lock =>
  updateLock(before, results as ReadonlyArray<LockedResult>, knownOf(results), which)
const compare = (lock: Lock, results: ReadonlyArray<Result>): Record<string, string> =>
  Object.fromEntries(compareResults(lock, results, knownOf(results)).map(({ id, result }) => [id, result]))
const reasons = (lock: Lock, results: ReadonlyArray<Result>, id: string): ReadonlyArray<string> =>
  compareResults(lock, results, knownOf(results)).find((each) => each.id === id)?.because ?? []

describe("results beside a lock", () => {
  const lock = lockOf(compute(specs, here))

  it("are the same on the same kind of machine", () => {
    expect(compare(lock, compute(specs, here))).toEqual({ words: "same", train: "same", report: "same", other: "same" })
  })

  it("are close on another instruction set, which is told with those that only read what differs", () => {
    const results = compute(specs, { ...there, off: 0.4 })
    expect(compare(lock, results)).toEqual({ words: "same", train: "close", report: "close", other: "same" })
    expect(reasons(lock, results, "train")).toEqual(["x64-avx2, locked with x64-avx512"])
    expect(reasons(lock, results, "report")).toEqual(["train differs"])
  })

  it("differ where a metric is beyond its tolerance, or is not there", () => {
    const results = compute(specs, { ...there, off: 0.6 })
    expect(compare(lock, results)).toMatchObject({ train: "differs", report: "differs", other: "same" })
    const [train] = compareResults(lock, results, knownOf(results)).filter(({ id }) => id === "train")
    expect(train?.metrics).toEqual([{ name: "sum", locked: 1, now: 1.6, tolerance: 0.5, within: false }])
    const without = compute(specs, there).map((each) =>
      each.record === undefined ? each : { ...each, record: { ...each.record, metrics: {} } }
    )
    expect(compare(lock, without)).toMatchObject({ train: "differs" })
  })

  it("differ on the same kind of machine, however little: by changed code, or because the stage is not deterministic", () => {
    const changed = compute(specs, { ...here, code: { train: "2" } })
    expect(compare(lock, changed)).toEqual({ words: "same", train: "differs", report: "close", other: "same" })
    expect(reasons(lock, changed, "train")).toEqual(["code 1 -> 2"])
    const noisy = compute(specs, here).map((each) =>
      each.instance.id === "words" && each.record !== undefined
        ? { ...each, record: { ...each.record, digest: "f".repeat(64) } }
        : each
    )
    expect(reasons(lock, noisy, "words")).toEqual(["the same key on the same engine: it is not deterministic"])
  })

  it("do not agree where a stage failed, is not locked, or is locked and gone", () => {
    const results = compute(specs, here)
    const failed = results.map((each) => (each.instance.id === "other" ? { ...each, record: undefined } : each))
    expect(compare(lock, failed)["other"]).toBe("failed")
    const more = compute([...specs, spec("new", ["words"])], here)
    expect(compare(lock, more)["new"]).toBe("not locked")
    const fewer = compute(specs.slice(0, 3), here)
    expect(compare(lock, fewer)).toMatchObject({ other: "gone" })
    for (const all of [failed, more, fewer]) expect(compareResults(lock, all, knownOf(all)).every(agrees)).toBe(false)
  })
})

/** Acyclic graphs of stages of both sorts, and which of them have changed code. */
const graphs = fc
  .array(fc.record({ engine: fc.boolean(), needs: fc.array(fc.nat(9), { maxLength: 2 }), changed: fc.boolean() }), {
    minLength: 1,
    maxLength: 7
  })
  .map((nodes) => {
    const ids = nodes.map(({ engine }, i) => `${engine ? "t" : "p"}${i}`)
    const all = nodes.map(({ needs }, i) =>
      spec(
        ids[i] as string,
        [...new Set(needs.filter((need) => need < i))].map((need) => ids[need] as string)
      )
    )
    const code = Object.fromEntries(nodes.flatMap(({ changed }, i) => (changed ? [[ids[i] as string, "2"]] : [])))
    return { all, code }
  })

describe("keeping a lock up to date", () => {
  it("leaves it as it is on another machine, where nothing that keys are made from has changed", () => {
    fc.assert(
      fc.property(graphs, ({ all }) => {
        const lock = lockOf(compute(all, here))
        expect(lockOf(compute(all, there), lock, "outdated")).toEqual(lock)
      })
    )
  })

  it("ends with a lock that agrees with itself, whose changes are told, and that the run's own machine does not contradict", () => {
    fc.assert(
      fc.property(graphs, ({ all, code }) => {
        const before = lockOf(compute(all, here))
        const results = compute(all, { ...there, code })
        const after = lockOf(results, before, "outdated")
        for (const result of results) expect(keyDifference(after, result)).toEqual([])
        expect(compareResults(after, results, knownOf(results)).every(agrees)).toBe(true)
        // Where a stage was written anew, so were its inputs wherever they came out otherwise than the lock said.
        const changed = new Set(changesOf(before, after))
        for (const { instance, record } of results as ReadonlyArray<LockedResult>) {
          if (!changed.has(instance.id)) continue
          expect(after.stages[instance.id]?.digest).toBe(record.digest)
          for (const input of upstreamOf(instance)) {
            const made = results.find((each) => each.instance.id === input)?.record?.digest
            expect(after.stages[input]?.digest).toBe(made)
          }
        }
        expect(lockOf(results, after, "outdated")).toEqual(after)
      })
    )
  })

  it("tells only what differs by itself, not what stands below", () => {
    const lock = lockOf(compute(specs, here))
    const results = compute(specs, { ...here, code: { words: "2" } })
    const told = results.filter((result) => keyDifference(lock, result).length > 0).map(({ instance }) => instance.id)
    expect(told).toEqual(["words"])
  })
})

it("a lock holds digests of parameters and of what a kind found out, not these themselves: a token may be in them", () => {
  const [result] = compute([{ ...spec("words"), params: { tally: "hunter2" } }], here)
  if (result === undefined) throw new Error("one was computed")
  const told = { ...result, facts: { ...result.facts, facts: { env: { TOKEN: "hunter3" } } } }
  const text = formatLock("x.yaml", lockOf([told]))
  expect(text).toContain("words:")
  expect(text).not.toMatch(/hunter/)
})

describe("a tolerance", () => {
  it("that is a share is locked as what it comes to", () => {
    expect(absoluteTolerance({ relative: 0.01 }, -200)).toBe(2)
    expect(absoluteTolerance(0.3, -200)).toBe(0.3)
    const [result] = compute([spec("words")], here) as ReadonlyArray<LockedResult>
    if (result === undefined) throw new Error("one was computed")
    const kind = {
      ...result.instance.kind,
      metrics: { sum: { better: "higher", tolerance: { relative: 0.1 }, description: "" } }
    } as const
    const record = { ...result.record, metrics: { sum: 50 } }
    const lock = lockOf([{ ...result, instance: { ...result.instance, kind }, record }])
    expect(lock.stages["words"]?.metrics).toEqual({ sum: { value: 50, tolerance: 5 } })
  })
})

describe("an interval", () => {
  const withInterval = (sum: number, low: number, high: number, machine: Machine): ReadonlyArray<LockedResult> =>
    (compute([spec("train")], machine) as ReadonlyArray<LockedResult>).map((each) => ({
      ...each,
      record: { ...each.record, digest: sha(String(sum)), metrics: { sum, sum_low: low, sum_high: high } }
    }))

  it("is locked with its metric, and tells how much of a difference is noise", () => {
    const lock = lockOf(withInterval(1, 0.9, 1.3, here))
    expect(lock.stages["train"]?.metrics).toEqual({ sum: { value: 1, low: 0.9, high: 1.3, tolerance: 0.5 } })
    const results = withInterval(1.4, 1, 1.5, there)
    const [metric] = compareResults(lock, results, knownOf(results))[0]?.metrics ?? []
    expect(metric).toMatchObject({
      within: true,
      lockedInterval: { low: 0.9, high: 1.3 },
      nowInterval: { low: 1, high: 1.5 }
    })
    expect(metric === undefined ? "" : metricText(metric)).toBe(
      "sum 1 ± 0.2 -> 1.4 ± 0.25, by 0.4 (tolerance 0.5, noise 0.5)"
    )
  })
})
