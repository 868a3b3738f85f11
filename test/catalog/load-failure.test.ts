import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Script } from "node:vm"
import * as Effect from "effect/Effect"
import { afterAll, expect, it } from "vitest"
import { loadFailure } from "../../src/catalog/load-failure.ts"
import { loadStageKind } from "../../src/catalog/stage-catalog.ts"

const folder = mkdtempSync(join(tmpdir(), "load failure-"))
afterAll(() => rmSync(folder, { recursive: true }))

it("tells the line of a stage kind on which loading it failed", async () => {
  const file = join(folder, "thrown.mjs")
  writeFileSync(file, "\nconst stage = {}\nexport default stage.make()\n")
  const { message } = await Effect.runPromise(Effect.flip(loadStageKind(file)))
  expect(message).toBe(`${file}: cannot be loaded: TypeError: stage.make is not a function\n  at ${file}:3:22`)
})

it("tells the line of a syntax error, which is not in its stack", () => {
  let error: unknown
  try {
    void new Script("const a = 1\nconst = 2\n", { filename: "/study/stages/x.ts" })
  } catch (cause) {
    error = cause
  }
  expect(loadFailure(error)).toBe("cannot be loaded: SyntaxError: Unexpected token '='\n  at /study/stages/x.ts:2")
})

it("tells no line of the bundle that this package runs from", () => {
  const bundle = Symbol.for("sae-pipeline.bundle")
  const before: unknown = Reflect.get(globalThis, bundle)
  Reflect.set(globalThis, bundle, { folder: "/home/me/.cache/bundles/ab12" })
  try {
    const error = new Error("Cannot find package 'not-there'")
    error.stack = `${error.message}\n    at load (/home/me/.cache/bundles/ab12/base.js:2424:355)`
    expect(loadFailure(error)).toBe("cannot be loaded: Error: Cannot find package 'not-there'")
    error.stack += "\n    at /study/stages/x.ts:3:1"
    expect(loadFailure(error)).toContain("\n  at /study/stages/x.ts:3:1")
  } finally {
    Reflect.set(globalThis, bundle, before)
  }
})
