import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { locateProject } from "../../src/config/locate-project.ts"
import { temporaryRoot } from "../store/temporary-root.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(temporaryRoot, "locate-"))),
  (made) => Effect.sync(() => rmSync(made, { recursive: true }))
)

describe("locateProject", () => {
  it.effect("refuses a store where a file stands, or below one, before a command reads or runs anything", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      writeFileSync(join(directory, "notes"), "")
      mkdirSync(join(directory, "there"))
      const located = (cache: string) => locateProject({ workingDirectory: directory, cache })
      for (const cache of ["notes", "notes/store", "notes/a/b"]) {
        const { message } = yield* Effect.flip(located(cache))
        assert.include(message, `the store ${join(directory, cache)}: ${join(directory, "notes")} is no folder`)
        assert.include(message, "--cache")
      }
      for (const cache of ["there", "there/store", "nowhere/yet"]) {
        assert.strictEqual((yield* located(cache)).cache, join(directory, cache))
      }
    })
  )
})
