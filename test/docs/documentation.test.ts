/** What the documentation shows is tried: experiments are planned, code is compiled, examples give what they say. */
import { spawnSync } from "node:child_process"
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { parse } from "yaml"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { helpOf } from "../../docs/build/command-page.ts"
import { project, repository } from "../e2e/run-cli.ts"
import { docstringBlocks, pageBlocks } from "./code-blocks.ts"

const blocks = pageBlocks()
const examples = docstringBlocks().filter(({ language }) => language === "ts")

/** `expression // => value` is a check; the rest is as it stands. */
const checking = (text: string): string =>
  `import { deepStrictEqual as check } from "node:assert/strict"\n${text.replaceAll(/^(.+?) \/\/ => (.+)$/gm, "check($1, $2)")}\nvoid check\nexport {}\n`

const { directory, remove } = project({ "data/notes.txt": "The cat sat.\n\nA dog ran.\n" })
afterAll(remove)

beforeAll(() => {
  cpSync(join(repository, "pipelines"), join(directory, "pipelines"), { recursive: true })
  cpSync(join(repository, "test", "fixtures", "saes", "sparsify"), join(directory, "my-sae"), { recursive: true })
  for (const { file, text } of blocks) {
    if (file === undefined) continue
    const path = join(directory, file)
    mkdirSync(dirname(path), { recursive: true })
    // A file of this package stands beside what it imports.
    const beside = join(repository, dirname(file))
    writeFileSync(
      path,
      file.startsWith("src/") ? text.replaceAll(/"(\.\.?\/[^"]+)"/g, (_, to) => `"${join(beside, to)}"`) : text
    )
  }
  mkdirSync(join(directory, "examples"))
  for (const [i, { text }] of examples.entries()) {
    const name = text.includes("// =>") ? `${i}.runs.ts` : `${i}.ts`
    writeFileSync(join(directory, "examples", name), checking(text))
  }
  const modules = join(repository, "node_modules")
  const own = join(repository, "src", "api")
  const tsconfig = {
    extends: join(repository, "tsconfig.json"),
    compilerOptions: {
      typeRoots: [join(modules, "@types")],
      noUnusedLocals: false,
      paths: {
        "sae-pipeline": [join(own, "run.ts")],
        "sae-pipeline/*": [join(own, "*.ts")],
        "effect/*": [join(modules, "effect/dist/*.d.ts")]
      }
    },
    include: ["stages", "kinds", "src", "examples"]
  }
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(tsconfig))
  writeFileSync(join(directory, "package.json"), `{ "type": "module" }`)
})

describe("the documentation", () => {
  it("says of every block of YAML which file it is, and no two are the same file", () => {
    const yaml = blocks.filter(({ language }) => language === "yaml")
    assert.isAbove(yaml.length, 4)
    assert.deepStrictEqual(
      yaml.filter(({ file }) => file === undefined).map(({ at }) => at),
      []
    )
    for (const { text } of yaml) assert.isObject(parse(text))
    const files = blocks.flatMap(({ file }) => file ?? [])
    assert.deepStrictEqual(files.toSorted(), [...new Set(files)].toSorted())
  })

  it("shows experiments that can be planned, and examples that give what they say", () => {
    assert.isAbove(examples.filter(({ text }) => text.includes("// =>")).length, 4)
    const child = spawnSync(process.execPath, [join(import.meta.dirname, "check-project.ts"), directory], {
      encoding: "utf8",
      env: { ...process.env, LANG: "C", HF_TOKEN: "secret" }
    })
    assert.strictEqual(child.stdout, "", child.stderr)
    assert.strictEqual(child.status, 0, child.stderr)
  })

  it("shows code that compiles", () => {
    const nameless = blocks.filter(({ language, file }) => language === "ts" && file === undefined)
    assert.deepStrictEqual(
      nameless.map(({ at }) => at),
      [],
      "says which file it is"
    )
    const { stdout } = spawnSync(join(repository, "node_modules", ".bin", "tsc"), { cwd: directory, encoding: "utf8" })
    assert.strictEqual(stdout, "")
  })

  it("shows commands and flags that there are", async () => {
    const shell = blocks.filter(({ language }) => language === "sh" || language === "console")
    const commands = shell.flatMap(({ at, text }) =>
      [...text.matchAll(/(?:^|npx |\$ )pipeline ([^\n"#&|>]*)/gm)].map(([, words]) => ({
        at,
        words: (words as string).trim().split(/\s+/)
      }))
    )
    assert.isAbove(commands.length, 10)
    for (const { at, words } of commands) {
      const path = words[0] === "cache" || words[0] === "engine" ? words.slice(0, 2) : words.slice(0, 1)
      const help = await helpOf(path).catch(() => undefined)
      assert.strictEqual(
        help?.usage.startsWith(`pipeline ${path.join(" ")} `),
        true,
        `${at}: pipeline ${words.join(" ")}`
      )
      const known = (help?.flags ?? []).flatMap(({ name, aliases }) => [`--${name}`, ...aliases])
      assert.deepStrictEqual(
        words.filter((word) => word.startsWith("-") && !known.includes(word)),
        [],
        at
      )
    }
  })

  it("links every page from the page above it", () => {
    for (const folder of ["how-to", "reference", "why"]) {
      const above = readFileSync(join(repository, "docs", `${folder}.md`), "utf8")
      for (const page of globSync(`${folder}/*.md`, { cwd: join(repository, "docs") }))
        assert.include(above, `](${page})`)
    }
  })

  it("names in CONTRIBUTING.md every room of src/, and no other", () => {
    const text = readFileSync(join(repository, "CONTRIBUTING.md"), "utf8")
    const table = text.split("\n").filter((line) => line.startsWith("| `"))
    const named = table.flatMap((line) =>
      [...(line.split("|")[1] ?? "").matchAll(/`src\/([\w-]+)`/g)].map(([, room]) => room)
    )
    const rooms = readdirSync(join(repository, "src"))
    assert.deepStrictEqual(named.toSorted(), rooms.toSorted())
  })

  it("is linked from the README by paths that there are", () => {
    const readme = readFileSync(join(repository, "README.md"), "utf8")
    for (const [, path] of readme.matchAll(/\]\((?!https?:)([^)#]+)/g))
      assert.isTrue(existsSync(join(repository, path as string)), path)
  })
})
