import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, beforeEach, expect, it } from "vitest"
import { keptCode } from "../../src/catalog/kept-code.ts"
import { openFileIndex } from "../../src/file/file-index.ts"
import { sealJson, unsealJson } from "../../src/file/sealed-json.ts"
import { codeDirectory } from "../../src/project/package-directory.ts"

let folder: string
const home = process.env["XDG_CACHE_HOME"]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "kept-code-"))
  process.env["XDG_CACHE_HOME"] = join(folder, "user")
})
afterEach(() => {
  if (home === undefined) delete process.env["XDG_CACHE_HOME"]
  else process.env["XDG_CACHE_HOME"] = home
  rmSync(folder, { recursive: true, force: true })
})

/** As a project with a store of its own asks, and what its index then holds. */
const asked = async (project: string, file: string, version = "1") => {
  mkdirSync(join(folder, project), { recursive: true })
  const path = join(folder, project, "index.json")
  const index = await openFileIndex(path, version)
  const { digest } = await Effect.runPromise(keptCode(index, version, join(folder, project))(file))
  await index.save()
  return digest
}
const kind = join(codeDirectory, "stages", "command.ts")
const kept = () =>
  readdirSync(join(folder, "user", "sae-pipeline", "code")).map((name) =>
    join(folder, "user", "sae-pipeline", "code", name)
  )

it("the digest of a stage kind of this package is kept for all projects, and made anew where what is kept is damaged or of another version", async () => {
  const digest = await asked("one", kind)
  const [path = ""] = kept()
  const text = unsealJson(readFileSync(path, "utf8")) ?? ""
  expect(text).toContain(digest)
  writeFileSync(path, sealJson(text.replace(digest, "of-what-is-kept")))
  expect(await asked("two", kind)).toBe("of-what-is-kept")
  expect(await asked("two", kind, "2")).toBe(digest)
  writeFileSync(path, sealJson(text).replace(digest, "damaged"))
  expect(await asked("three", kind)).toBe(digest)
})

it("the digest of a project's own stage kind stays in the project", async () => {
  const own = join(folder, "own.ts")
  writeFileSync(own, "export default 1\n")
  await asked("one", own)
  expect(kept).toThrow("ENOENT")
})
