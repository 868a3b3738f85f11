import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, assert, describe, it } from "vitest"
import { codeDigest } from "../../src/catalog/code-digest.ts"

const root = mkdtempSync(join(tmpdir(), "code-digest-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const write = (path: string, text: string): string => {
  const file = join(root, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  return file
}
const loss = `export const loss = (x: number): number => x * x\n`
const stage = `import { loss } from "./loss.ts"\nimport * as Effect from "effect/Effect"\nimport { tableFromIPC } from "apache-arrow"\nexport default { run: (x: number) => Effect.succeed(loss(x)), read: tableFromIPC }\n`
const digest = (files: Readonly<Record<string, string>> = {}) => {
  write("node_modules/apache-arrow/package.json", `{ "name": "apache-arrow", "version": "1.2.3" }`)
  write("loss.ts", files["loss.ts"] ?? loss)
  write("other.ts", files["other.ts"] ?? "export const other = 1\n")
  const file = write("stage.ts", files["stage.ts"] ?? stage)
  return Effect.runPromise(codeDigest(file, root)).then(({ value }) => value)
}

describe("codeDigest", () => {
  it("does not change with comments, types, white space or a module that is not reached", async () => {
    const before = await digest()
    const after = await digest({
      "loss.ts": `// squared error\nexport interface Unused { a: string }\nexport const loss = (x: number) =>\n  x * x\n`,
      "other.ts": "export const other = 2\n"
    })
    assert.strictEqual(after.digest, before.digest)
    assert.deepStrictEqual(after.files, before.files)
  })

  it("changes with a formula, and says which file it stands in", async () => {
    const before = await digest()
    const after = await digest({ "loss.ts": loss.replace("x * x", "x * x * x") })
    assert.notStrictEqual(after.digest, before.digest)
    assert.deepStrictEqual(Object.keys(after.files), ["loss.ts", "stage.ts"])
    const changed = Object.keys(after.files).filter((file) => after.files[file] !== before.files[file])
    assert.deepStrictEqual(changed, ["loss.ts"])
  })

  it("does not change with code that the stage's graph does not use", async () => {
    const before = await digest()
    const after = await digest({ "loss.ts": `${loss}export const unused = (x: number) => x + 1\n` })
    assert.strictEqual(after.digest, before.digest)
  })

  it("holds every module of a folder that is imported by what stands there", async () => {
    const found = "export default { run: (name: string) => import(`./parts/${name}.ts`) }\n"
    write("parts/a.ts", "export const a = 1\n")
    write("parts/b.ts", "export const b = 2\n")
    const before = await digest({ "stage.ts": found })
    assert.includeMembers(Object.keys(before.files), ["parts/a.ts", "parts/b.ts"])
    write("parts/b.ts", "export const b = 3\n")
    assert.notStrictEqual((await digest({ "stage.ts": found })).digest, before.digest)
  })

  it("names npm packages with their versions, without those that only carry effects", async () => {
    assert.deepStrictEqual((await digest()).packages, { "apache-arrow": "1.2.3" })
  })

  it("holds of this package what the kind reaches through its name, under the same paths from any project", async () => {
    const own = (kind: string) =>
      `import { ${kind} } from "sae-pipeline/kinds"\nimport { Stage } from "sae-pipeline/stage"\nexport default Stage.make("own", { output: ${kind} })\n`
    const files = await digest({ "stage.ts": own("Files") })
    const paths = Object.keys(files.files).filter((path) => !path.startsWith("src/stage/"))
    assert.deepStrictEqual(paths.toSorted(), ["src/artifact/artifact-kind.ts", "src/kinds/files.ts", "stage.ts"])
    assert.deepStrictEqual(files.packages, {})
    const absorption = await digest({ "stage.ts": own("Absorption") })
    assert.notInclude(Object.keys(absorption.files), "src/kinds/files.ts")
    assert.include(Object.keys(absorption.files), "src/kinds/absorption.ts")
  })

  it("leaves out what the kind does not use of this package, whichever module imports it first", async () => {
    const first = relative(root, join(import.meta.dirname, "..", "..", "src", "artifact", "artifact-error.ts"))
    const own = `import "${first}"\nimport { Files } from "sae-pipeline/kinds"\nexport default Files\n`
    const { files } = await digest({ "stage.ts": own })
    assert.includeMembers(Object.keys(files), ["src/kinds/files.ts"])
    assert.notInclude(Object.keys(files), "src/artifact/artifact-error.ts")
  })

  it("does not depend on where the project of the kind is", async () => {
    const file = join(import.meta.dirname, "..", "..", "stages", "export-sae.ts")
    const from = (folder: string) => Effect.runPromise(codeDigest(file, folder)).then(({ value }) => value)
    assert.deepStrictEqual(await from(root), await from(join(import.meta.dirname, "..", "..")))
  })

  it("tells what of this package can be imported where something else is", async () => {
    const inner = `import { run } from "sae-pipeline/src/run/run.ts"\nexport default run\n`
    const error = await digest({ "stage.ts": inner }).catch(String)
    assert.include(String(error), "sae-pipeline/src/run/run.ts is not there for others; sae-pipeline")
  })

  it("says which file cannot be bundled", async () => {
    const error = await digest({
      "stage.ts": `import { nothing } from "./missing.ts"\nexport default nothing\n`
    }).catch(String)
    assert.include(String(error), "stage.ts: the module graph cannot be bundled")
    assert.include(String(error), "./missing.ts")
  })
})
