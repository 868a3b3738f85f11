import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, expect, it } from "vitest"
import type { StageSpec } from "./experiment.ts"
import { storeAt } from "./experiment.ts"
import { runGraph } from "./run-graph.ts"

const folder = mkdtempSync(join(tmpdir(), "removed-test-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const tally = join(folder, "tally")

const stages: ReadonlyArray<StageSpec> = [
  { id: "above", kind: "add", params: { plus: 1, tally } },
  { id: "below", kind: "add", params: { plus: 2, tally }, inputs: { left: "above" } }
]

it("a store that is removed under a run is made again, and what was in it computed again to the same bytes", async () => {
  const undisturbed = await runGraph(join(folder, "calm"), stages)
  const cache = join(folder, "removed")
  let removed = false
  const disturbed = await runGraph(cache, stages, {
    changedSincePlan: ({ id }) =>
      Effect.sync(() => {
        if (id === "below" && !removed) rmSync(cache, { recursive: true })
        removed ||= id === "below"
        return undefined
      })
  })
  expect(disturbed.result.firstCause).toBeUndefined()
  expect(removed).toBe(true)
  expect(disturbed.digests).toEqual(undisturbed.digests)
  expect((await Effect.runPromise(storeAt(cache).verify())).damaged).toEqual([])
  expect((await runGraph(cache, stages)).statuses).toEqual({ above: "hit", below: "hit" })
})
