import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { afterAll, describe, expect, it } from "vitest"
import { formatLock } from "../../src/lock/format-lock.ts"
import { type Lock, type LockedStage, lockFileOf } from "../../src/lock/lock.ts"
import { readLock } from "../../src/lock/read-lock.ts"
import { engineOf, sha } from "./machine.ts"

const read = (text: string) => readLock("x.lock.yaml", text, "x.yaml")
const problemOf = (text: string): string => Result.getOrThrow(Result.flip(read(text))).message

/** Words that YAML reads as something else, and any text. */
const text = fc.oneof(
  fc.constantFrom(
    "true",
    "null",
    "~",
    "1_000",
    "12e45",
    "0x1f",
    "-",
    "",
    " a",
    "a: b",
    "a #b",
    "{}",
    "2.21",
    ".5",
    "é\n\t\u{1f600}"
  ),
  fc.string({ unit: "binary" }).filter((each) => each.isWellFormed() && each !== "__proto__")
)
const digest = fc.integer({ min: 0 }).map((n) => sha(String(n)))
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => (Object.is(x, -0) ? 0 : x))
const stage: fc.Arbitrary<LockedStage> = fc.record(
  {
    kind: text,
    key: digest,
    code: text,
    params: digest,
    facts: digest,
    digest,
    engine: fc.option(text.map(engineOf)),
    sources: fc.dictionary(text, fc.record({ uri: text, digest, pin: text }, { requiredKeys: ["uri", "digest"] }), {
      minKeys: 1,
      maxKeys: 2
    }),
    metrics: fc.dictionary(
      text,
      fc.record(
        { value: number, low: number, high: number, tolerance: number },
        { requiredKeys: ["value", "tolerance"] }
      ),
      { minKeys: 1, maxKeys: 3 }
    )
  },
  { requiredKeys: ["kind", "key", "code", "params", "facts", "digest", "engine"] }
)
const lock = fc.record({
  lock_format: fc.constant(1 as const),
  key_format: fc.nat(),
  stages: fc.dictionary(text, stage, { maxKeys: 4 })
})

const folder = mkdtempSync(join(tmpdir(), "lock-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** As git merges: fails on a conflict. */
const merge = (base: string, ours: string, theirs: string): string => {
  const paths = [ours, base, theirs].map((each, i) => {
    writeFileSync(join(folder, String(i)), each)
    return join(folder, String(i))
  })
  return execFileSync("git", ["merge-file", "-p", ...paths], { encoding: "utf8", stdio: "pipe" })
}

describe("the text of a lock", () => {
  it("gives the same lock back, whatever its names and numbers are", () => {
    fc.assert(
      fc.property(lock, (each) => {
        expect(Result.getOrThrow(read(formatLock("x.yaml", each))).lock).toEqual(each)
      }),
      { numRuns: 60 }
    )
  })

  it("does not depend on the order in which stages and metrics came", () => {
    const reversed = <A>(map: Readonly<Record<string, A>>): Record<string, A> =>
      Object.fromEntries(Object.entries(map).toReversed())
    fc.assert(
      fc.property(lock, (each) => {
        const stages = Object.entries(each.stages).map(([id, { metrics, ...rest }]) => [
          id,
          { ...rest, ...(metrics === undefined ? {} : { metrics: reversed(metrics) }) }
        ])
        const other: Lock = { ...each, stages: reversed(Object.fromEntries(stages) as Lock["stages"]) }
        expect(formatLock("x.yaml", other)).toBe(formatLock("x.yaml", each))
      }),
      { numRuns: 50 }
    )
  })

  it("merges by git without a conflict where two branches changed different stages", () => {
    const ids = ["a", "b[x=1]", "b[x=2]", "c"]
    const four = fc.tuple(stage, stage, stage, stage)
    const of = (stages: ReadonlyArray<LockedStage>): Lock => ({
      lock_format: 1,
      key_format: 2,
      stages: Object.fromEntries(stages.map((each, i) => [ids[i] as string, each]))
    })
    fc.assert(
      fc.property(four, four, fc.nat(3), fc.nat(3), (before, after, i, j) => {
        fc.pre(i !== j)
        const [ours, theirs, both] = [[i], [j], [i, j]].map((which) =>
          formatLock("x.yaml", of(before.map((each, at) => (which.includes(at) ? (after[at] as LockedStage) : each))))
        )
        expect(merge(formatLock("x.yaml", of(before)), ours as string, theirs as string)).toBe(both)
      }),
      { numRuns: 25 }
    )
  })

  it("is refused where git left a conflict, with the line and the way out", () => {
    expect(problemOf("lock_format: 1\n<<<<<<< main\nkey_format: 2\n=======\nkey_format: 3\n>>>>>>> other\n")).toBe(
      "x.lock.yaml:2:1: two branches changed the same stage, and git left both: take either side (`git checkout --theirs`), " +
        "then `pipeline run x.yaml --lock` writes what the merged files give"
    )
  })

  it("is refused where it is malformed or of another version, with the line and the way out", () => {
    const good = formatLock("x.yaml", { lock_format: 1, key_format: 2, stages: {} })
    expect(problemOf(good.replace("lock_format: 1", "lock_format: 9"))).toMatch(
      /^x\.lock\.yaml:3:14 lock_format: this version reads locks of format 1, and this is one of format 9: take a newer/
    )
    expect(problemOf(good.replace("stages: {}", "stages: { a: { digest: 12 } }"))).toMatch(
      /x\.lock\.yaml:5:24 stages\.a\.digest: .*got 12.*; `pipeline run x\.yaml --lock` writes it anew/
    )
    expect(problemOf(good.replace("stages: {}", "stage: {}"))).toMatch(
      /:5:1 stage: unknown key; did you mean "stages"\?/
    )
    expect(problemOf("stages: [")).toMatch(/^x\.lock\.yaml:1:\d+: not YAML: .*--lock` writes it anew/)
    expect(problemOf("")).toContain("--lock` writes it anew")
  })

  it("says what several seeds gave on average, for people alone", () => {
    const stage = (value: number): LockedStage => ({
      kind: "count",
      key: sha("k"),
      code: "c",
      params: sha("p"),
      facts: sha("f"),
      digest: sha("d"),
      engine: null,
      metrics: { ev: { value, tolerance: 0.1 } }
    })
    const stages = { "a[k=8,seed=0]": stage(2), "a[k=8,seed=1]": stage(3), "a[k=9,seed=0]": stage(4), b: stage(5) }
    const lockOf = (stages: Lock["stages"]): Lock => ({ lock_format: 1, key_format: 2, stages })
    const written = formatLock("x.yaml", lockOf(stages))
    expect(written.match(/^ *#.*(means|±).*$/gm)).toEqual([
      '  # "a[k=8]", means with 95 % intervals by Student\'s t:',
      "  #   ev 2.5 ± 6.4 (2 seeds)"
    ])
    expect(Result.getOrThrow(read(written)).lock).toEqual(lockOf(stages))
    // Means of other stages do not stand in each other's way.
    const text = (a: number, c: number): string =>
      formatLock(
        "x.yaml",
        lockOf({ ...stages, "a[k=8,seed=1]": stage(a), "c[seed=0]": stage(c), "c[seed=1]": stage(1) })
      )
    expect(merge(text(3, 4), text(7, 4), text(3, 8))).toBe(text(7, 8))
  })

  it("says below what has one seed that its intervals are over none, and is read as without that", () => {
    const metrics = { ev: { value: 1, low: 0, high: 2, tolerance: 0.1 } }
    const stage = {
      kind: "count",
      key: sha("k"),
      code: "c",
      params: sha("p"),
      facts: sha("f"),
      digest: sha("d"),
      engine: null
    }
    const lockOf = (stages: Lock["stages"]): Lock => ({ lock_format: 1, key_format: 2, stages })
    const one = lockOf({ "a[seed=0]": { ...stage, metrics }, b: { ...stage, metrics } })
    const notes = (lock: Lock) => formatLock("x.yaml", lock).match(/# One seed: .* over no seeds/g)
    expect(notes(one)).toHaveLength(1)
    expect(Result.getOrThrow(read(formatLock("x.yaml", one))).lock).toEqual(one)
    expect(notes(lockOf({ ...one.stages, "a[seed=1]": { ...stage, metrics } }))).toBeNull()
  })

  it("stands beside its experiment", () => {
    expect(lockFileOf("experiments/quickstart.yaml")).toBe("experiments/quickstart.lock.yaml")
    expect(lockFileOf("x.yml")).toBe("x.lock.yaml")
  })
})
