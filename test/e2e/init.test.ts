import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { cli, project, repository } from "./run-cli.ts"

let directory: string
let remove: () => void
beforeEach(() => {
  ;({ directory, remove } = project({}))
})
afterEach(() => remove())

const init = (folder: string) => cli(["init", folder], { cwd: directory })
const read = (path: string): string => readFileSync(join(directory, path), "utf8")
const json = (path: string) => JSON.parse(read(path)) as Readonly<Record<string, Readonly<Record<string, string>>>>
const example = join(repository, "examples", "own-stage")

describe("pipeline init", () => {
  it("makes the project that stands in examples/own-stage, ready to be planned before anything is installed", async () => {
    const made = await init("study")
    assert.strictEqual(made.code, 0, made.stderr)
    const names = readdirSync(join(directory, "study"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, "study").length + 1))
    assert.includeMembers(names, [".gitignore", "stages/rogue-dimensions.ts", "pipelines/dimensions.yaml"])
    for (const name of names.filter((each) => each !== "package.json" && each !== "pipeline.schema.json")) {
      assert.strictEqual(read(`study/${name}`), readFileSync(join(example, name), "utf8"), name)
    }
    const plan = await cli(["plan", "experiments/first.yaml"], { cwd: join(directory, "study") })
    assert.strictEqual(plan.code, 0, plan.stderr)
    assert.include(plan.stdout, "dimensions[hook=blocks.1.hook_resid_post]")
  })

  it("names itself, the folder and Effect in package.json as they are, and its own stage kind in the schema", async () => {
    await init("My Study")
    const made = json("My Study/package.json")
    const ours = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as typeof made
    assert.strictEqual(made["name"] as unknown, "my-study")
    assert.strictEqual(made["dependencies"]?.["effect"], ours["dependencies"]?.["effect"])
    assert.strictEqual(made["devDependencies"]?.["typescript"], ours["devDependencies"]?.["typescript"])
    const origin = (made["dependencies"]?.["sae-pipeline"] ?? "").slice("file:".length)
    assert.isTrue(existsSync(join(directory, "My Study", origin, "bin", "pipeline.mjs")), origin)
    assert.property(json("My Study/pipeline.schema.json")["$defs"], "with-rogue-dimensions")
    const [line] = read("My Study/experiments/first.yaml").split("\n")
    const schema = (line ?? "").split("$schema=")[1] ?? "?"
    assert.isTrue(existsSync(join(directory, "My Study", "experiments", schema)), line)
  })

  it("completes a package.json and leaves what it says", async () => {
    const theirs = { name: "mine", scripts: { types: "tsgo" }, dependencies: { zod: "1.0.0" } }
    writeFileSync(join(directory, "package.json"), JSON.stringify(theirs))
    assert.strictEqual((await init(".")).code, 0)
    const made = json("package.json")
    assert.strictEqual(made["name"] as unknown, "mine")
    assert.strictEqual(made["type"] as unknown, "module")
    assert.include(made["scripts"], { types: "tsgo", first: "pipeline run experiments/first.yaml" })
    assert.containsAllKeys(made["dependencies"], ["zod", "sae-pipeline", "effect"])
  })

  it.each([
    ["a file that it would write is there", ".", { "stages/rogue-dimensions.ts": "1" }, "stages/rogue-dimensions.ts"],
    ["the folder is a file", "x", { x: "" }, "is a file"],
    ["stage kinds could not be loaded", ".", { "package.json": `{ "type": "commonjs" }` }, `"type": "commonjs"`],
    ["package.json cannot be read", ".", { "package.json": "[" }, "is no JSON object"]
  ])("refuses, and writes nothing, where %s", async (_, folder, files, word) => {
    const own = project(files)
    const before = readdirSync(own.directory, { recursive: true })
    const refused = await cli(["init", folder], { cwd: own.directory })
    assert.strictEqual(refused.code, 2)
    assert.include(refused.stderr, word)
    assert.include(refused.stderr, "nothing was written")
    assert.deepStrictEqual(readdirSync(own.directory, { recursive: true }), before)
    own.remove()
  })
})
