import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { diamond } from "./diamond.ts"
import { storeAt, tallyOf } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"
import { temporaryCache } from "./temporary-cache.ts"

const place = temporaryCache()
const starts = (name: string): number => tallyOf(place.tally).filter((line) => line.startsWith(`${name} `)).length
const MIB = 1024 * 1024

/** a -> b -> c, where a has 9 MiB of ballast that b reads. */
const chain = (cPlus: number, bPlus = 10): ReadonlyArray<StageSpec> => [
  { id: "a", kind: "add", params: { plus: 1, big: 9 * MIB, tally: place.tally, name: "a" } },
  { id: "b", kind: "add", params: { plus: bPlus, tally: place.tally, name: "b" }, inputs: { left: "a" } },
  { id: "c", kind: "add", params: { plus: cPlus, tally: place.tally, name: "c" }, inputs: { left: "b" } }
]

const flip = (path: string, at: number): void => {
  const bytes = readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ 1
  chmodSync(path, 0o644)
  writeFileSync(path, bytes)
}

const blobPath = (sha256: string): string => join(place.cache, "objects", sha256.slice(0, 2), sha256)

/** Blobs that are shared with other artifacts go too. */
const deleteArtifact = (digest: string): void => {
  const { files } = JSON.parse(readFileSync(blobPath(digest), "utf8")) as { files: ReadonlyArray<{ sha256: string }> }
  for (const { sha256 } of files) rmSync(blobPath(sha256), { force: true })
  rmSync(blobPath(digest))
}

describe("a store that has lost bytes", () => {
  it("recomputes a deleted input before what needs it, and then goes on", async () => {
    const first = await runGraph(place.cache, chain(100))
    for (const id of ["a", "b"]) deleteArtifact(first.digests[id] ?? "")
    // Nobody reads them: all hits.
    expect((await runGraph(place.cache, chain(100))).statuses).toEqual({ a: "hit", b: "hit", c: "hit" })
    const { statuses, digests, events } = await runGraph(place.cache, chain(200))
    expect(statuses).toEqual({ a: "ran", b: "ran", c: "ran" })
    expect(digests["a"]).toBe(first.digests["a"])
    expect(digests["b"]).toBe(first.digests["b"])
    const lost = events.filter((event) => event.type === "artifact-lost")
    expect(lost.map(({ id, reason, neededBy }) => [id, reason, neededBy])).toEqual([
      ["b", "missing", "c"],
      ["a", "missing", "b"]
    ])
    const restores = events.filter((event) => event.type === "stage-started").map(({ id, restores }) => [id, restores])
    expect(restores).toEqual([
      ["a", "b"],
      ["b", "c"],
      ["c", null]
    ])
    expect([starts("a"), starts("b"), starts("c")]).toEqual([2, 2, 2])
  })

  it("restores an input once for all that miss it", async () => {
    const first = await runGraph(place.cache, diamond(place.tally))
    deleteArtifact(first.digests["a"] ?? "")
    const changed = diamond(place.tally, { b: { params: { plus: 20 } }, c: { params: { plus: 200 } } })
    const { result } = await runGraph(place.cache, changed)
    expect(result.stages.at(-1)?.metrics).toEqual({ sum: 222 })
    expect(starts("a")).toBe(2)
  })

  it("notices any flipped byte that a stage reads, keeps it in quarantine and computes it again", async () => {
    const first = await runGraph(place.cache, chain(100))
    const artifact = await Effect.runPromise(storeAt(place.cache).artifact(first.digests["a"] ?? ""))
    const ballast = artifact.files.find(({ path }) => path === "ballast.bin")?.sha256 ?? ""
    const path = blobPath(ballast)
    // In the last of its three chunks; its size is what it was.
    flip(path, 9 * MIB - 1)
    const { statuses, digests, events, result } = await runGraph(place.cache, chain(100, 20))
    expect(result.firstCause).toBeUndefined()
    expect(statuses).toEqual({ a: "ran", b: "ran", c: "ran" })
    expect(digests["a"]).toBe(first.digests["a"])
    expect(result.stages.at(-1)?.metrics).toEqual({ sum: 121 })
    expect(events.filter((event) => event.type === "artifact-lost")).toMatchObject([
      { id: "a", reason: "damaged", path: "ballast.bin", neededBy: "b", digest: first.digests["a"] }
    ])
    expect(readdirSync(join(place.cache, "quarantine")).map((name) => name.split(".")[0])).toEqual([ballast])
    expect(readFileSync(path)[9 * MIB - 1]).toBe(7)
  })

  it("gives the same digests after a flip of the list of files, of numbers or of what says the kind", async () => {
    const first = await runGraph(place.cache, diamond(place.tally))
    const b = first.digests["b"] ?? ""
    const { files } = await Effect.runPromise(storeAt(place.cache).artifact(b))
    expect(files.map(({ path }) => path)).toEqual(["artifact.json", "metrics.json", "numbers.json"])
    for (const [index, blob] of [b, ...files.map(({ sha256 }) => sha256)].entries()) {
      flip(blobPath(blob), 0)
      // Each time something new reads everything.
      const reader: StageSpec = {
        id: "reader",
        kind: "add",
        params: { plus: index, tally: place.tally, name: "reader" },
        inputs: { left: "a", all: ["b", "c", "d"] }
      }
      const { result, digests } = await runGraph(place.cache, [...diamond(place.tally), reader])
      expect(result.firstCause).toBeUndefined()
      expect(digests).toMatchObject(first.digests)
      expect(result.stages.at(-1)?.metrics).toEqual({ sum: 1 + 11 + 101 + 112 + index })
    }
    expect((await Effect.runPromise(storeAt(place.cache).verify())).damaged).toEqual([])
  }, 120_000)

  it("takes a damaged action record for none, and says so", async () => {
    const first = await runGraph(place.cache, chain(100))
    const key = first.result.stages[1]?.key ?? ""
    flip(join(place.cache, "actions", key.slice(0, 2), key, "1.json"), 300)
    const { statuses, digests, result } = await runGraph(place.cache, chain(100))
    expect(statuses).toEqual({ a: "hit", b: "ran", c: "hit" })
    expect(result.stages[1]?.reasons).toEqual([
      { path: "the record of its last result is gone, or was damaged", source: null }
    ])
    expect(digests).toEqual(first.digests)
  })
})

describe("a stage that gives other bytes each time", () => {
  const specs = (cPlus: number): ReadonlyArray<StageSpec> => [
    { id: "a", kind: "misbehave", params: { how: "differs", times: 0, tally: place.tally } },
    { id: "b", kind: "add", params: { tally: place.tally, name: "b" }, inputs: { left: "a" } },
    { id: "c", kind: "add", params: { plus: cPlus, tally: place.tally, name: "c" }, inputs: { all: ["a", "b"] } }
  ]

  it("keeps its first result where it is forced, unless that is what was asked for", async () => {
    const first = await runGraph(place.cache, specs(0))
    const forced = await runGraph(place.cache, specs(0), { force: new Set(["a"]) })
    // The forced attempt is the canonical one now, and what is below it follows.
    expect(forced.digests["a"]).not.toBe(first.digests["a"])
    expect(forced.statuses).toEqual({ a: "ran", b: "ran", c: "ran" })
    expect(forced.events.filter((event) => event.type === "stage-nondeterministic")).toMatchObject([
      { id: "a", canonical: forced.digests["a"], other: first.digests["a"] }
    ])
    const actions = await Effect.runPromise(storeAt(place.cache).actions(first.result.stages[0]?.key ?? ""))
    expect(
      actions.map(({ attempt, canonical, nondeterministic }) => ({ attempt, canonical, nondeterministic }))
    ).toEqual([
      { attempt: 1, canonical: true, nondeterministic: false },
      { attempt: 2, canonical: true, nondeterministic: true }
    ])
  })

  it("has its new result used by all below it where the first one is gone", async () => {
    const first = await runGraph(place.cache, specs(0))
    deleteArtifact(first.digests["a"] ?? "")
    // c is changed, and reads a: b, which was a hit by the lost digest, has to follow.
    const { result, statuses } = await runGraph(place.cache, specs(5))
    expect(result.firstCause).toBeUndefined()
    expect(statuses).toEqual({ a: "ran", b: "ran", c: "ran" })
    // a gives 2 at its second start; b is 2 too; c = 5 + 2 + 2.
    expect(result.stages.at(-1)?.metrics).toEqual({ sum: 9 })
  })
})
