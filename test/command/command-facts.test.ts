import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { digestOfFile } from "../../src/command/command-facts.ts"
import { temporaryDirectory } from "../artifact/folder-artifact.ts"

it.effect("a declared file that is a folder, a pattern or missing is told in words, with what to write instead", () =>
  Effect.gen(function* () {
    const project = yield* temporaryDirectory
    mkdirSync(join(project, "data"))
    writeFileSync(join(project, "data", "rows.npy"), "rows")
    const why = (path: string) => Effect.map(Effect.flip(digestOfFile(project, path)), (error) => error)
    assert.strictEqual((yield* digestOfFile(project, "data/rows.npy")).length, 64)
    const folder = yield* why("data")
    assert.strictEqual(folder.problem, "files: data is a folder")
    assert.strictEqual(folder.remedy, "name the files in it, one by one")
    for (const path of ["data/*.npy", "data/row.npy"]) {
      const missing = yield* why(path)
      assert.strictEqual(missing.problem, `files: ${path} is not there`)
      assert.include(missing.remedy, `paths start at ${project}, and no character is a wildcard`)
    }
  })
)
