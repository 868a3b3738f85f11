/** Clean-ups of a store that runs have filled: what stays, what goes, and what a kill in the middle leaves. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { ownerText } from "../../../src/file/lease.ts"
import { thisProcess } from "../../../src/file/process-identity.ts"
import { sha256Of } from "../../../src/file/hash-file.ts"
import { forget, planForget } from "../../../src/store/local/forget.ts"
import { objectPath, partialDirectory, runsDirectory } from "../../../src/store/local/layout.ts"
import { makeLocalStore } from "../../../src/store/local/local-store.ts"
import { PinUnreadable, writePin } from "../../../src/store/local/pins.ts"
import { planGc } from "../../../src/store/local/plan-gc.ts"
import { sweep } from "../../../src/store/local/sweep.ts"
import { actionOf, outputOf } from "../../contract/artifact-store.ts"
import { temporaryRoot } from "../temporary-root.ts"

const run = Effect.runPromise
const base = mkdtempSync(join(temporaryRoot, "gc-"))
afterAll(() => rmSync(base, { recursive: true }))
let root = ""
beforeEach(() => {
  root = mkdtempSync(join(base, "store-"))
})
const store = () => makeLocalStore(root)
const DAY = 24 * 3600

const keyOf = (name: string): string => sha256Of(name)

const put = async (name: string, content: Readonly<Record<string, string>>, seconds = 3): Promise<string> => {
  const kind = { name: "Files", version: 1 }
  const digest = await run(store().ingest({ directory: outputOf(content), kind, metrics: {} }))
  await run(store().commit({ ...actionOf(keyOf(name), digest), seconds, stage: name }))
  return digest
}

interface Ran {
  readonly id: string
  readonly digest: string | null
  readonly status?: string
  readonly needs?: ReadonlyArray<string>
  readonly temp?: boolean
}

/** A run of long ago, with what its stages came to; `end` null: it never said. */
const ran = async (experiment: string, daysAgo: number, stages: ReadonlyArray<Ran>, end: string | null = "done") => {
  const plan = {
    experiment,
    stages: stages.map(({ id, needs = [], temp = false }) => ({ id, at: {}, needs: [...needs], temp }))
  }
  const record = await run(
    Effect.scoped(
      Effect.tap(store().startRun(plan), ({ append }) =>
        Effect.sync(() => {
          for (const { id, digest, status = "ran" } of stages) append({ type: "stage-finished", id, digest, status })
          if (end !== null) append({ type: "run-finished", status: end })
        })
      )
    )
  )
  const then = new Date(Date.now() - daysAgo * DAY * 1000)
    .toISOString()
    .slice(0, 19)
    .replaceAll(/[-:]/g, "")
    .replace("T", "-")
  renameSync(record.place, join(runsDirectory(root), `${then}-${record.id.slice(-4)}`))
}

const gc = (options: { readonly locked?: ReadonlyArray<string>; readonly keepDays?: number } = {}) =>
  planGc(root, {
    locked: new Set(options.locked),
    keepSeconds: (options.keepDays ?? 14) * DAY,
    now: Date.now()
  })
const swept = async (...options: Parameters<typeof gc>) => {
  const plan = await gc(...options)
  await sweep(root, plan, Date.now() + 1000)
  return plan
}
const isWhole = async (digest: string): Promise<boolean> => (await run(store().losses(digest))).length === 0

describe("a clean-up of the store", () => {
  it("takes what only old runs had, and says what it costs; records stay", async () => {
    const [old, now, locked, pinned, recent] = await Promise.all(
      ["old", "now", "locked", "pinned", "recent"].map((name, i) =>
        put(name, { own: name.repeat(100), shared: "s" }, 10 * (i + 1))
      )
    )
    await ran(
      "x.yaml",
      60,
      ["old", "locked", "pinned"].map((id, i) => ({ id, digest: [old, locked, pinned][i] ?? "" }))
    )
    await ran("x.yaml", 3, [{ id: "recent", digest: recent ?? "" }])
    await ran("x.yaml", 1, [{ id: "now", digest: now ?? "" }])
    await writePin(root, { key: "a".repeat(64), digest: pinned ?? "", stage: "pinned", experiment: "x.yaml" })
    const { goes, keptBytes } = await swept({ locked: [locked ?? ""] })
    expect(goes).toMatchObject([{ digest: old, stages: ["old"], seconds: 10, because: "superseded" }])
    expect(goes[0]?.bytes).toBeGreaterThan(300)
    expect(keptBytes).toBeGreaterThan(goes[0]?.bytes ?? 0)
    expect(await isWhole(old ?? "")).toBe(false)
    for (const digest of [now, locked, pinned, recent]) expect(await isWhole(digest ?? "")).toBe(true)
    expect(await run(store().action(keyOf("old")))).toMatchObject({ digest: old })
    expect((await gc({ locked: [locked ?? ""] })).blobs).toEqual([])
    // What is no longer recent is still the latest of its experiment.
    expect((await gc({ keepDays: 0 })).goes.map(({ digest }) => digest).toSorted()).toEqual([locked, recent].toSorted())
  })

  it("takes bytes of intermediate results when what needs them is done, though not those that are pinned", async () => {
    const [big, spare, small] = [
      await put("big", { a: "big" }),
      await put("spare", { a: "spare" }),
      await put("small", { a: "s" })
    ]
    const stages = (status: string): ReadonlyArray<Ran> => [
      { id: "big", digest: big, temp: true },
      { id: "spare", digest: spare, temp: true },
      { id: "small", digest: small, needs: ["big", "spare"], status }
    ]
    await ran("x.yaml", 2, stages("failed"), "failed")
    expect((await gc()).goes).toEqual([])
    await ran("x.yaml", 1, stages("hit"))
    await writePin(root, { key: "a".repeat(64), digest: spare, stage: "spare", experiment: "x.yaml" })
    expect((await gc({ locked: [big] })).goes).toMatchObject([{ digest: big, because: "intermediate" }])
  })

  it("spares what a run that goes on has, and all that was written beside it", async () => {
    const old = await put("old", { a: "old" })
    await put("unnamed", { a: "just written, and in no run yet" })
    await ran("y.yaml", 90, [{ id: "old", digest: old }], null)
    await ran("y.yaml", 80, [{ id: "other", digest: null }])
    // This process has started them all, so their head lives; the one of 90 days ago is beyond belief.
    await ran("x.yaml", 20, [{ id: "old", digest: old }], null)
    const plan = await gc({ keepDays: 0 })
    expect([plan.live, plan.blobs]).toEqual([true, []])
  })

  it("takes checkpoints that nobody went on from, and damaged files, when they are old", async () => {
    const [old, fresh, quarantine] = [
      partialDirectory(root, "ab12"),
      partialDirectory(root, "cd34"),
      join(root, "quarantine")
    ]
    for (const folder of [old, fresh, quarantine]) mkdirSync(folder, { recursive: true })
    writeFileSync(join(quarantine, "x"), "damaged")
    const then = new Date(Date.now() - 30 * DAY * 1000)
    utimesSync(old, then, then)
    expect((await swept()).rubbish.map(({ path }) => path)).toEqual([old])
    expect([existsSync(old), existsSync(fresh)]).toEqual([false, true])
    // Nothing counts on a file's age that says when it was damaged.
    expect(readdirSync(quarantine)).toEqual(["x"])
  })

  it("takes what an owner left that was killed where nobody can look, as before a restart of the machine", async () => {
    const [left, held] = ["ab12", "cd34"].map((key) => partialDirectory(root, key)) as [string, string]
    const owner = { ...thisProcess(), bootId: "an earlier one", nonce: "n", purpose: "sae", expirySeconds: 30 }
    for (const folder of [left, held]) {
      mkdirSync(join(folder, "1", "checkpoint"), { recursive: true })
      writeFileSync(join(folder, "1.json"), ownerText(owner))
    }
    const in30Days = Date.now() + 30 * DAY * 1000
    // Files say themselves when they were changed: it is the clock that is set on.
    for (const path of [held, join(held, "1.json")]) utimesSync(path, in30Days / 1000, in30Days / 1000 - 60)
    const { rubbish } = await planGc(root, { locked: new Set(), keepSeconds: 14 * DAY, now: in30Days })
    expect(rubbish).toMatchObject([{ path: left, what: "checkpoint" }])
    const { rubbish: atOnce } = await planGc(root, { locked: new Set(), keepSeconds: 0, now: in30Days })
    expect(atOnce.map(({ path }) => path)).toEqual([left])
  })

  it("takes folders of old jobs, though not one that a run may go on waiting for", async () => {
    const [left, noted, fresh] = ["left", "noted", "fresh"].map((name) => join(root, "jobs", name)) as [
      string,
      string,
      string
    ]
    for (const folder of [left, noted, fresh]) mkdirSync(join(folder, "0"), { recursive: true })
    const partial = join(partialDirectory(root, "ab12"), "1")
    mkdirSync(partial, { recursive: true })
    writeFileSync(join(partial, "task.json"), JSON.stringify({ executor: "slurm", folder: join(noted, "0") }))
    const then = new Date(Date.now() - 30 * DAY * 1000)
    for (const folder of [left, noted]) for (const path of [join(folder, "0"), folder]) utimesSync(path, then, then)
    expect((await swept()).rubbish).toMatchObject([{ path: left, what: "job" }])
    expect([left, noted, fresh].map((path) => existsSync(path))).toEqual([false, true, true])
  })

  it("refuses where a pin cannot be read: it may hold anything", async () => {
    mkdirSync(join(root, "pins"))
    writeFileSync(join(root, "pins", `${"a".repeat(64)}.json`), "{")
    await expect(gc()).rejects.toThrow(PinUnreadable)
  })

  it("leaves a right store wherever it is killed, and ends where it would have", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(30), async (survived) => {
        root = mkdtempSync(join(base, "killed-"))
        const old = [await put("one", { a: "1", b: "both" }), await put("two", { a: "2", b: "both", c: "now too" })]
        const now = await put("now", { a: "3", c: "now too" })
        await ran("x.yaml", 60, [
          { id: "one", digest: old[0] ?? "" },
          { id: "two", digest: old[1] ?? "" }
        ])
        await ran("x.yaml", 1, [{ id: "now", digest: now }])
        const plan = await gc()
        await sweep(root, { blobs: plan.blobs.slice(0, survived), rubbish: [] }, Date.now() + 1000)
        expect(await isWhole(now)).toBe(true)
        expect((await run(store().verify())).damaged).toEqual([])
        await swept()
        expect(await isWhole(now)).toBe(true)
        expect(plan.blobs.filter((sha256) => existsSync(objectPath(root, sha256)))).toEqual([])
        expect((await gc()).blobs).toEqual([])
      }),
      { numRuns: 12 }
    )
  })

  it("leaves a checkpoint whose key somebody has taken since it was planned", async () => {
    const key = keyOf("goes on")
    const folders = [partialDirectory(root, key), join(partialDirectory(root, key), "1")] as const
    mkdirSync(folders[1], { recursive: true })
    const then = new Date(Date.now() - 30 * DAY * 1000)
    for (const folder of folders.toReversed()) utimesSync(folder, then, then)
    const plan = await gc()
    expect(plan.rubbish).toMatchObject([{ path: folders[0] }])
    const goesOn = Effect.gen(function* () {
      const attempt = yield* store().claim(key, "goes on")
      if (attempt._tag === "busy") return undefined
      yield* Effect.promise(() => sweep(root, plan, Date.now() - 1000))
      return yield* attempt.claim.held
    })
    expect(await run(Effect.scoped(goesOn))).toBe(true)
  })

  it("touches nothing that was written since it was planned", async () => {
    const old = await put("old", { a: "old" })
    const { blobs } = await gc()
    expect(blobs.length).toBeGreaterThan(0)
    expect(await sweep(root, { blobs, rubbish: [] }, Date.now() - 60_000)).toBe(0)
    expect(await isWhole(old)).toBe(true)
  })
})

describe("a result that is removed", () => {
  it("is gone with its bytes, and nothing is that others have", async () => {
    const [one, two] = [await put("one", { a: "1", shared: "s" }), await put("two", { a: "2", shared: "s" })]
    const plan = await planForget(root, [keyOf("one")])
    expect(plan.forgets).toMatchObject([{ key: keyOf("one"), stage: "one", seconds: 3 }])
    await forget(root, plan, Date.now() + 1000)
    expect(await run(store().action(keyOf("one")))).toBeUndefined()
    expect([await isWhole(one), await isWhole(two)]).toEqual([false, true])
    expect((await run(store().verify())).damaged).toEqual([])
  })
})
