import { execFileSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { storeAt } from "./experiment.ts"
import type { StageSpec } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"

/** Only root may make a file system; elsewhere these tests are skipped. */
const mayMount = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), "mount-test-"))
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" })
    execFileSync("umount", [folder], { stdio: "ignore" })
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

describe.skipIf(!mayMount())("a device without space", () => {
  let cache = ""
  let tally = ""
  const remount = (options: string): void => {
    execFileSync("mount", ["-o", `remount,${options}`, cache])
  }
  beforeEach(() => {
    const folder = mkdtempSync(join(tmpdir(), "full-test-"))
    cache = join(folder, "cache")
    tally = join(folder, "tally")
    execFileSync("mkdir", [cache])
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", cache])
  })
  afterEach(() => {
    // Lazily: a warm worker still has its log open there.
    execFileSync("umount", ["-l", cache])
    rmSync(join(cache, ".."), { recursive: true, force: true })
  })

  const small = (): StageSpec => ({ id: "small", kind: "add", params: { plus: 1, tally } })
  const large = (): StageSpec => ({
    id: "large",
    kind: "misbehave",
    params: { how: "full", tally },
    inputs: { left: "small" }
  })

  it("fails the stage that fills it, with the place and what to do; the rest is kept, and it goes on with more space", async () => {
    const { result, statuses } = await runGraph(cache, [small(), large()])
    expect(statuses).toEqual({ small: "ran", large: "failed" })
    expect(result.firstCause?.problem).toMatch(
      /large\.bin: no space is left on the device \(ENOSPC\)\n {2}Free some, or write elsewhere \(the store: --cache\)/
    )
    expect((await Effect.runPromise(storeAt(cache).verify())).damaged).toEqual([])
    const left = readdirSync(join(cache, "partial"), { recursive: true, withFileTypes: true })
    expect(left.filter((entry) => entry.isFile())).toEqual([])
    remount("size=64m")
    const again = await runGraph(cache, [small(), large()])
    expect(again.result.firstCause).toBeUndefined()
    expect(again.statuses).toEqual({ small: "hit", large: "ran" })
  })

  it("is told without the lines of code that met it, where a write throws", async () => {
    const thrown: StageSpec = { id: "thrown", kind: "misbehave", params: { how: "full-thrown", tally } }
    const { firstCause } = (await runGraph(cache, [thrown])).result
    expect(firstCause?.problem).toContain("no space is left on the device (ENOSPC)\n  Free some")
    expect(firstCause?.tail.join("\n")).not.toMatch(/^ +at /m)
  })

  it("is no matter for a run of hits, and fails what has to be computed; results stay", async () => {
    await runGraph(cache, [small()])
    try {
      writeFileSync(join(cache, "filler"), new Uint8Array(8 * 1024 * 1024))
    } catch {
      // It is full now: what this is for.
    }
    expect((await runGraph(cache, [small()])).statuses).toEqual({ small: "hit" })
    const other: StageSpec = { id: "other", kind: "add", params: { plus: 2, tally } }
    const { result, statuses } = await runGraph(cache, [small(), other])
    expect(statuses).toEqual({ small: "hit", other: "failed" })
    expect(result.firstCause?.problem).toContain("no space is left on the device")
    rmSync(join(cache, "filler"))
    expect((await runGraph(cache, [small()])).statuses).toEqual({ small: "hit" })
  })

  it("and one that is read-only give what they hold, and say why they take no more", async () => {
    await runGraph(cache, [small()])
    remount("ro")
    try {
      expect((await runGraph(cache, [small()])).statuses).toEqual({ small: "hit" })
      const { result, statuses } = await runGraph(cache, [
        small(),
        { id: "other", kind: "add", params: { plus: 2, tally } }
      ])
      expect(statuses).toEqual({ small: "hit", other: "failed" })
      expect(result.firstCause?.problem).toContain("the file system is read-only")
    } finally {
      remount("rw")
    }
  })
})
