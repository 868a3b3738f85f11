/**
 * The same cache by Hugging Face's own Python library, against the same server: what one has fetched the other finds. The
 * library is taken from the Python at hand, or fetched by pip once into the user's cache; where neither can be, the tests
 * are skipped and say so.
 */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { rename, rm } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterEach, assert, beforeAll, beforeEach, describe, it } from "vitest"
import { userCache } from "../../../src/project/user-cache.ts"
import { commitOf } from "./hub-server.ts"
import { hubWorld, type HubWorld } from "./hub-world.ts"

const run = promisify(execFile)
const python = process.env["PYTHON"] || "python3"
const wanted = "huggingface_hub==1.1.2"
const folder = join(userCache(), "test-python", wanted)

/** Where Python finds the library: "" for its own place, undefined where it cannot be had. */
const libraryPath = async (): Promise<string | undefined> => {
  const has = (path: string) =>
    run(python, ["-c", "import huggingface_hub"], { env: { ...process.env, PYTHONPATH: path } }).then(
      () => true,
      () => false
    )
  if (await has("")) return ""
  if (!existsSync(folder)) {
    const part = `${folder}.${process.pid}`
    await run(python, ["-m", "pip", "install", "--quiet", "--no-input", "--target", part, wanted])
      .then(() => rename(part, folder))
      .catch(() => rm(part, { recursive: true, force: true }))
  }
  return (await has(folder)) ? folder : undefined
}

const commit = commitOf("commit")
const weights = Buffer.alloc(100_000, "weights ")
const files = { "config.json": "{}", "tokenizer.json": `{"a":1}`, "model.safetensors": weights, "deep/er/x.json": "{}" }

let path: string | undefined
let world: HubWorld
beforeAll(async () => {
  path = await libraryPath()
  if (path === undefined) console.warn(`SKIPPED: ${python} has no huggingface_hub, and pip cannot fetch ${wanted}`)
}, 300_000)
beforeEach(async () => {
  world = await hubWorld()
  world.hub.repos.set("org/model", { refs: { main: commit }, commits: { [commit]: files } })
})
afterEach(() => world.close())

const runPython = async (code: string): Promise<string> => {
  const env = { ...process.env, PYTHONPATH: path, HF_HUB_DISABLE_XET: "1", HF_HUB_DISABLE_PROGRESS_BARS: "1" }
  const { stdout } = await run(python, ["-c", code], { env: { ...env, HOME: homedir() } })
  return stdout.trim()
}

describe("the cache of huggingface_hub", () => {
  it("is filled by us so that Python finds the files without a network, and sees no damage", async (context) => {
    if (path === undefined) return context.skip("there is no huggingface_hub")
    const source = await world.resolve("hf:org/model")
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
    const asked = world.hub.requests.length
    process.env["HF_HUB_OFFLINE"] = "1"
    const found = await runPython(`
from huggingface_hub import hf_hub_download, snapshot_download, scan_cache_dir
for name in ["config.json", "tokenizer.json", "model.safetensors"]:
    print(len(open(hf_hub_download("org/model", name), "rb").read()))
print(snapshot_download("org/model").split("/")[-1])
info = scan_cache_dir()
print(len(info.warnings), [r.repo_id for r in info.repos], [sorted(v.refs) for r in info.repos for v in r.revisions])
`)
    assert.deepStrictEqual(found.split("\n"), ["2", "7", "100000", commit, "0 ['org/model'] [['main']]"])
    assert.strictEqual(world.hub.requests.length, asked)
  })

  it("is filled by Python so that we find the files without a network, under the digest that the hub gives", async (context) => {
    if (path === undefined) return context.skip("there is no huggingface_hub")
    const fetched = await runPython(`
from huggingface_hub import snapshot_download
print(snapshot_download("org/model"))
`)
    assert.include(fetched, commit)
    process.env["HF_HUB_OFFLINE"] = "1"
    const offline = await world.resolve("hf:org/model")
    assert.deepStrictEqual(await world.read(offline, "model.safetensors"), weights)
    delete process.env["HF_HUB_OFFLINE"]
    const asked = world.hub.requests.length
    const online = await world.resolve("hf:org/model")
    assert.strictEqual(online.digest, offline.digest)
    await world.read(online, "model.safetensors")
    assert.isTrue(world.hub.requests.slice(asked).every(({ path: url }) => url.startsWith("/api/")))
  })
})
