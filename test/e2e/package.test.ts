/** The package as others get it: packed, and installed in an empty folder outside the checkout. */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import type * as digests from "../../src/catalog/code-digest.ts"
import { codeDigest } from "../../src/catalog/code-digest.ts"
import type { RunFinished } from "../../src/run/event.ts"
import type * as script from "../../src/report/browser/page-script.ts"
import { pageScript } from "../../src/report/browser/page-script.ts"
import { repository } from "./run-cli.ts"

const root = mkdtempSync(join(tmpdir(), "package-"))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const folder = join(root, "empty")
const installed = join(folder, "node_modules", "sae-pipeline")
const bin = (name: string): string => join(folder, "node_modules", ".bin", name)
/** Of everybody: the fastest engine may not be built where this runs. */
const environment = { ...process.env, NO_COLOR: "1", PIPELINE_CACHE: "", PIPELINE_ENGINE: "wasm" }

interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}
const start = (program: string, args: ReadonlyArray<string>, cwd = folder): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(program, args, { cwd, env: environment, maxBuffer: 2 ** 26 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr })
    )
  })
const good = async (program: string, args: ReadonlyArray<string>, cwd?: string): Promise<Ended> => {
  const ended = await start(program, args, cwd)
  if (ended.code !== 0) throw new Error(`${program} ${args.join(" ")}:\n${ended.stdout}\n${ended.stderr}`)
  return ended
}
const statuses = ({ stdout }: Ended): ReadonlyArray<string> => {
  const last = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as RunFinished
  return last.stages.map(({ id, status }) => `${id} ${status}`)
}
const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))

const unreachable = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/
let whyNot: string | undefined

beforeAll(async () => {
  mkdirSync(folder)
  // What `prepack` does but the types, which are checked by themselves.
  await good("npm", ["run", "--silent", "build"], repository)
  await good("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", root], repository)
  const packed = readdirSync(root).find((name) => name.endsWith(".tgz")) ?? ""
  const install = await start("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", join("..", packed)])
  if (unreachable.test(install.stderr)) whyNot = "there is no npm registry here"
  else {
    assert.strictEqual(install.code, 0, install.stderr)
    await good(bin("pipeline"), ["init", "."])
  }
}, 600_000)

describe("the packed package", () => {
  it("holds what is needed and no more: no tests, no sources but the example's, no results of anybody", ({ skip }) => {
    if (whyNot !== undefined) skip(whyNot)
    const names = filesBelow(installed)
    const known = /^(bin|dist|examples|experiments|models|pipelines|python)\/|^[A-Z]+(\.md)?$|^package\.json$/
    assert.deepStrictEqual(
      names.filter((name) => !known.test(name) || /\.html$|cache\//.test(name)),
      []
    )
    assert.deepStrictEqual(
      names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.startsWith("examples/")),
      []
    )
    assert.includeMembers(
      [...names],
      [
        "dist/src/tensor/tensorflow/sae-select.cc",
        "models/tiny-speller/tokenizer.json",
        "python/pyproject.toml",
        "python/sae_pipeline/artifact.py"
      ]
    )
  })

  it("makes a project, runs its own stage kind and is all hits the second time", async ({ skip }) => {
    if (whyNot !== undefined) skip(whyNot)
    const ids = [
      "model",
      "text",
      ...["capture", "dimensions"].flatMap((id) => [0, 1].map((b) => `${id}[hook=blocks.${b}.hook_resid_post]`))
    ]
    const run = ["run", "experiments/first.yaml", "--set", "tokens=3000", "--json"]
    assert.deepStrictEqual(
      statuses(await good(bin("pipeline"), run)).toSorted(),
      ids.map((id) => `${id} ran`).toSorted()
    )
    assert.deepStrictEqual(
      statuses(await good(bin("pipeline"), run)).toSorted(),
      ids.map((id) => `${id} hit`).toSorted()
    )

    // Neither where the package is nor whether it is built is in a key: the sources hit what the package computed.
    const sources = [join(repository, "bin", "pipeline.mjs"), ...run, "--cache", join(folder, "cache")]
    assert.deepStrictEqual(
      statuses(await good(process.execPath, sources)).toSorted(),
      ids.map((id) => `${id} hit`).toSorted()
    )
  })

  it("gives every stage kind the code digest of its source", async ({ skip }) => {
    if (whyNot !== undefined) skip(whyNot)
    const built = join(installed, "dist", "src", "catalog", "code-digest.js")
    const ofPackage = (await import(pathToFileURL(built).href)) as typeof digests
    const kinds = readdirSync(join(repository, "stages")).map((name) => basename(name, ".ts"))
    // One module that has all of them: each alone would bundle what they share again.
    const all = (place: string, ending: string): string => {
      const file = join(place, "all-kinds.js")
      const lines = kinds.map((kind, i) => `export { default as kind${i} } from "./stages/${kind}${ending}"\n`)
      writeFileSync(file, lines.join(""))
      return file
    }
    const sources = mkdtempSync(join(root, "sources-"))
    symlinkSync(join(repository, "stages"), join(sources, "stages"))
    const { value: source } = await Effect.runPromise(codeDigest(all(sources, ".ts"), repository))
    const { value: packed } = await Effect.runPromise(ofPackage.codeDigest(all(join(installed, "dist"), ".js"), folder))
    assert.strictEqual(Object.keys(source.files).filter((name) => name.startsWith("stages/")).length, kinds.length)
    assert.deepStrictEqual(packed, source)
  })

  it("puts the script of the sources into reports", async ({ skip }) => {
    if (whyNot !== undefined) skip(whyNot)
    const built = join(installed, "dist", "src", "report", "browser", "page-script.js")
    const ofPackage = (await import(pathToFileURL(built).href)) as typeof script
    assert.strictEqual(ofPackage.pageScript(), pageScript())
  })

  it("has types for a project's own stage kinds, which find a mistake", async ({ skip }) => {
    if (whyNot !== undefined) skip(whyNot)
    const modules = join(repository, "node_modules")
    const right = readFileSync(join(folder, "stages", "rogue-dimensions.ts"), "utf8")
    const wrong = join("stages", "mistaken-dimensions.ts")
    writeFileSync(join(folder, wrong), right.replace("return { top_share:", "return { topshare:"))
    const { stdout } = await start(join(modules, ".bin", "tsc"), ["--typeRoots", join(modules, "@types")])
    const problems = stdout.split("\n").filter((line) => /error TS/.test(line))
    assert.isAbove(problems.length, 0, stdout)
    for (const problem of problems) assert.isTrue(problem.startsWith(wrong), stdout)
    assert.include(stdout, "top_share")
  })

  it("runs an experiment from a program, and keeps its inside closed", async ({ skip }) => {
    if (whyNot !== undefined) skip(whyNot)
    writeFileSync(
      join(folder, "program.mjs"),
      `import * as Effect from "effect/Effect"
      import { run } from "sae-pipeline"
      const { stages } = await Effect.runPromise(run("experiments/first.yaml", { until: ["text"] }))
      const closed = await import("sae-pipeline/dist/src/run/run.js").catch((error) => error.code)
      console.log(JSON.stringify([stages.map(({ id }) => id), closed]))`
    )
    const { stdout } = await good(process.execPath, ["program.mjs"])
    assert.deepStrictEqual(JSON.parse(stdout), [["model", "text"], "ERR_PACKAGE_PATH_NOT_EXPORTED"])
  })

  it("finds the Node that came with it on a machine whose own is too old", async ({ skip }) => {
    if (whyNot !== undefined) skip(whyNot)
    const older = `data:text/javascript,Object.defineProperty(process.versions, "node", { value: "20.11.0" })`
    const { stdout } = await good(process.execPath, [
      "--import",
      older,
      join(installed, "bin", "pipeline.mjs"),
      "--version"
    ])
    assert.include(stdout, "0.1.0")
  })
})
