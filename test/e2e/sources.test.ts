import { cpSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { commitOf, startHub } from "../source/hub/hub-server.ts"
import type { TestHub } from "../source/hub/test-hub.ts"
import { cli, emptyUserCache, project, repository, statuses } from "./run-cli.ts"

const experiment = `
params:
  model: { type: source, default: "hf:org/speller@main" }
stages:
  model: { uses: load-model, with: { source: "\${{ params.model }}" } }
`
const speller = join(repository, "models", "tiny-speller")
const modelFile = (name: string): Buffer => readFileSync(join(speller, name))
const files = {
  "config.json": modelFile("config.json"),
  "tokenizer.json": modelFile("tokenizer.json"),
  "model.safetensors": modelFile("model.safetensors"),
  "README.md": "# a model"
}
const first = commitOf("first")
const second = commitOf("second")
const otherConfig = Buffer.from(`${files["config.json"].toString().trim()}\n\n`)

const token = "hf_a_secret_of_a_person"

let hub: TestHub
let directory: string
let userCache: string
let remove: () => void
beforeEach(async () => {
  hub = await startHub()
  hub.tokens.add(token)
  hub.repos.set("org/speller", {
    access: "gated",
    refs: { main: first },
    commits: { [first]: files, [second]: { ...files, "config.json": otherConfig } }
  })
  ;({ directory, remove } = project({ "x.yaml": experiment }))
  userCache = emptyUserCache(join(directory, "home", "cache"))
})
afterEach(async () => {
  remove()
  await hub.close()
})

const call = (...args: ReadonlyArray<string>) =>
  cli(args, {
    cwd: directory,
    env: {
      HF_ENDPOINT: hub.url,
      HF_TOKEN: token,
      HF_HOME: join(directory, "home", "hf"),
      XDG_CACHE_HOME: userCache,
      HF_HUB_OFFLINE: "",
      HF_HUB_CACHE: ""
    }
  })
const run = (...args: ReadonlyArray<string>) => call("run", "x.yaml", "--json", ...args)

describe("an experiment on a model of the hub", { timeout: 240_000 }, () => {
  it("runs again when the branch moves, and why names the source, the commits and the file", async () => {
    const before = await run()
    assert.deepStrictEqual(statuses(before), ["model ran"], before.stderr)
    const store = join(directory, "cache", "objects")
    const stated = readdirSync(store, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).size < 1000)
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    assert.include(stated, `{"licence":null,"source":"hf:org/speller@${first}"}\n`)
    hub.repos.get("org/speller")!.refs["main"] = second
    const { stdout, stderr } = await call("why", "x.yaml", "model")
    assert.match(stdout, /^model would run:/)
    assert.include(
      stdout,
      `sources.source hf:org/speller@main ${first.slice(0, 12)} -> ${second.slice(0, 12)} (x.yaml:3)`
    )
    assert.match(stdout, /sources\.source hf:org\/speller@main config\.json changed/)
    assert.notInclude(before.stdout + before.stderr + stdout + stderr, token)
  })

  it("stays at the commit of its lock until `update` moves it, and needs no network for what is pinned and cached", async () => {
    const locked = await call("run", "x.yaml", "--lock")
    assert.strictEqual(locked.code, 0, locked.stderr)
    const lock = () => readFileSync(join(directory, "x.lock.yaml"), "utf8")
    assert.match(lock(), new RegExp(`source: \\{ uri: "hf:org/speller@main", digest: [0-9a-f]{64}, pin: ${first} \\}`))
    assert.notInclude(lock(), token)
    hub.repos.get("org/speller")!.refs["main"] = second
    assert.match((await call("plan", "x.yaml")).stdout, /^model: hit$/m)
    const requests = hub.requests.length
    assert.deepStrictEqual(statuses(await run("--offline", "--frozen")), ["model hit"])
    assert.strictEqual(hub.requests.length, requests)

    const moved = `hf:org/speller@main: ${first.slice(0, 12)} -> ${second.slice(0, 12)} (model)\n`
    const before = lock()
    assert.include((await call("update", "x.yaml", "--dry-run")).stdout, moved)
    assert.strictEqual(lock(), before)
    const update = await call("update", "x.yaml")
    assert.include(update.stdout, `${moved}x.lock.yaml: 1 pin moved; `)
    const frozen = await call("run", "x.yaml", "--frozen")
    assert.strictEqual(frozen.code, 3)
    assert.include(
      frozen.stderr,
      `x.lock.yaml:6:3 stages.model: sources.source hf:org/speller@main ${first.slice(0, 12)} -> ${second.slice(0, 12)}`
    )
    assert.deepStrictEqual(statuses(await run()), ["model ran"])
    assert.include((await call("update", "x.yaml")).stdout, "x.lock.yaml: 1 pin, all at what their names stand for\n")
  })

  it("is refused at the line that names the source, where without a network it is not in the cache", async () => {
    const { code, stderr } = await call("plan", "x.yaml", "--offline")
    assert.strictEqual(code, 2)
    assert.match(
      stderr,
      /^x\.yaml:3:\d+ .*source hf:org\/speller@main: revision main of org\/speller is not in the cache .*; leave out --offline/m
    )
    assert.deepStrictEqual(hub.requests, [])
  })

  it("is refused at the line that names the source, where the hub has no such repository", async () => {
    writeFileSync(join(directory, "x.yaml"), experiment.replace("speller@main", "speler"))
    const { code, stderr } = await call("plan", "x.yaml")
    assert.strictEqual(code, 2)
    assert.match(
      stderr,
      /^x\.yaml:3:\d+ .*source hf:org\/speler: there is no repository org\/speler, or it is private/m
    )
  })
})

describe("an experiment on local files", { timeout: 240_000 }, () => {
  it("runs again when a file of the folder changes or another folder of the name is meant; why names it", async () => {
    cpSync(speller, join(directory, "speller"), { recursive: true })
    cpSync(speller, join(directory, "other", "speller"), { recursive: true })
    assert.deepStrictEqual(statuses(await run("--set", "model=file:speller")), ["model ran"])
    for (const folder of ["speller", "other/speller"]) {
      writeFileSync(join(directory, folder, "config.json"), otherConfig)
    }
    const changed = await call("why", "x.yaml", "model", "--set", "model=file:speller")
    assert.match(changed.stdout, /model would run:\n\s+sources\.source file:speller config\.json changed/)
    const other = await call("why", "x.yaml", "model", "--set", "model=file:other/speller")
    assert.include(other.stdout, "sources.source file:speller -> file:other/speller (--set model=file:other/speller)")
  })
})
