import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, expect, it } from "vitest"
import { workOnce } from "../../src/file/work-once.ts"

let folder = ""
let lease = ""
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lease-"))
  lease = join(folder, "work.lease")
})
afterEach(() => rmSync(folder, { recursive: true }))

const sharedWork = () => {
  const state = { done: false, times: 0, waited: 0 }
  const claim = workOnce(lease, {
    purpose: "a test",
    done: () => state.done,
    onWait: () => state.waited++,
    work: Effect.gen(function* () {
      state.times++
      yield* Effect.sleep("300 millis")
      state.done = true
    })
  })
  return { state, claim }
}

it("lets one of two do the work, the other waits for its result", async () => {
  const { state, claim } = sharedWork()
  await Effect.runPromise(Effect.all([claim, claim], { concurrency: 2 }))
  expect(state).toEqual({ done: true, times: 1, waited: 1 })
  expect(existsSync(lease)).toBe(false)
})

it("takes over from an owner that is gone", async () => {
  mkdirSync(lease)
  writeFileSync(join(lease, "1.json"), "{}")
  const longAgo = new Date(Date.now() - 3600_000)
  utimesSync(join(lease, "1.json"), longAgo, longAgo)
  const { state, claim } = sharedWork()
  await Effect.runPromise(claim)
  expect(state.times).toBe(1)
})

it("gives the lease back when the work fails", async () => {
  const failing = workOnce(lease, {
    purpose: "a test",
    done: () => false,
    onWait: () => {},
    work: Effect.fail("no compiler")
  })
  expect(await Effect.runPromise(Effect.flip(failing))).toBe("no compiler")
  expect(existsSync(lease)).toBe(false)
})
