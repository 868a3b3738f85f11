import { createHash } from "node:crypto"
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { hubFetch } from "../../../src/source/hub/hub-request.ts"
import { hubSettings } from "../../../src/source/hub/hub-settings.ts"
import { commitOf } from "./hub-server.ts"
import { hubWorld, type HubWorld } from "./hub-world.ts"

const commit = commitOf("commit")
const weights = Buffer.from(Float64Array.from({ length: 40_000 }, Math.sqrt).buffer)
const oid = createHash("sha256").update(weights).digest("hex")
const files = { "config.json": "{}", "tokenizer.json": "{}", "model.safetensors": weights }

let world: HubWorld
beforeEach(async () => {
  world = await hubWorld()
  world.hub.repos.set("org/model", { refs: { main: commit }, commits: { [commit]: files } })
})
afterEach(() => world.close())

const blobs = (): string => join(world.cache, "models--org--model", "blobs")
const fromStore = () => world.hub.requests.filter(({ atHub }) => !atHub)
const refused = (): Promise<string> =>
  world
    .resolve("hf:org/model")
    .then((source) => world.read(source, "model.safetensors"))
    .then(
      () => "no error",
      (error: Error) => error.message
    )

describe("a download from the hub", () => {
  it("goes on where the connection was cut", async () => {
    const source = await world.resolve("hf:org/model")
    const incomplete = join(blobs(), `${oid}.incomplete`)
    world.hub.cuts.push({
      bytes: 100_000,
      taken: () => statSync(incomplete, { throwIfNoEntry: false })?.size === 100_000
    })
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
    assert.deepStrictEqual(
      fromStore().map(({ range }) => range),
      [undefined, "bytes=100000-"]
    )
  })

  it("goes on where an earlier process stopped", async () => {
    const source = await world.resolve("hf:org/model")
    mkdirSync(blobs(), { recursive: true })
    writeFileSync(join(blobs(), `${oid}.incomplete`), weights.subarray(0, 200_000))
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
    assert.deepStrictEqual(
      fromStore().map(({ range }) => range),
      ["bytes=200000-"]
    )
  })

  it("begins anew where ranges are ignored", async () => {
    const source = await world.resolve("hf:org/model")
    mkdirSync(blobs(), { recursive: true })
    writeFileSync(join(blobs(), `${oid}.incomplete`), weights.subarray(0, 200_000))
    world.hub.wholeOnly = true
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
  })

  it("never gives a name to bytes that are not what the hub lists: a large file by sha256, another by git's sha1", async () => {
    const source = await world.resolve("hf:org/model")
    world.hub.damage = true
    const error = await world.read(source, "model.safetensors").catch((reason: Error) => reason.message)
    assert.include(
      error,
      "source hf:org/model: model.safetensors of org/model does not have the digest that the hub lists"
    )
    assert.isFalse(readdirSync(blobs()).some((name) => name.startsWith(oid)))
    world.hub.damage = false
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
    world.hub.repos.set("org/small", {
      refs: { main: commit },
      commits: { [commit]: { ...files, "config.json": "{ }" } }
    })
    world.hub.damage = true
    assert.include(await world.failure("hf:org/small"), "config.json of org/small does not have the digest")
  })

  it("throws away an unfinished download that was another file's", async () => {
    const source = await world.resolve("hf:org/model")
    mkdirSync(blobs(), { recursive: true })
    writeFileSync(join(blobs(), `${oid}.incomplete`), Buffer.alloc(weights.length, 1))
    const error = await world.read(source, "model.safetensors").catch((reason: Error) => reason.message)
    assert.include(error, "does not have the digest that the hub lists")
    assert.include(error, "what was fetched is thrown away")
    assert.isFalse(existsSync(join(blobs(), `${oid}.incomplete`)))
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
  })

  it("is done once where two want it at the same time", async () => {
    const source = await world.resolve("hf:org/model")
    await Promise.all([world.read(source, "model.safetensors"), world.read(source, "model.safetensors")])
    assert.strictEqual(fromStore().length, 1)
  })

  it("says of a gated repository where to accept its conditions, and of HF_TOKEN", async () => {
    world.hub.repos.set("org/model", { refs: { main: commit }, commits: { [commit]: files }, access: "gated" })
    const error = await refused()
    assert.include(error, "org/model is gated")
    assert.include(error, `accept its conditions at ${world.hub.url}/org/model`)
    assert.include(error, "then set HF_TOKEN")
    process.env["HF_TOKEN"] = "hf_stranger"
    assert.include(await refused(), "with the account that HF_TOKEN belongs to")
    world.hub.tokens.add("hf_member")
    process.env["HF_TOKEN"] = "hf_member"
    assert.strictEqual(await refused(), "no error")
  })

  it("says of a missing repository, revision or file which one it is", async () => {
    assert.include(await world.failure("hf:org/modle"), "there is no repository org/modle, or it is private")
    assert.include(await world.failure("hf:org/model@v9"), "org/model has no such revision")
    assert.include(
      await world.failure("hf:org/model@main/x.gguf"),
      "there is config.json, model.safetensors, tokenizer.json"
    )
    assert.include(await world.failure("hf:../x"), "it names no repository of the hub; write hf:org/name@revision")
  })

  it("shows the token to the hub alone, and keeps it nowhere", async () => {
    const token = "hf_a_secret_of_a_person"
    world.hub.tokens.add(token)
    process.env["HF_TOKEN"] = token
    world.hub.repos.set("org/model", { refs: { main: commit }, commits: { [commit]: files }, access: "private" })
    const source = await world.resolve("hf:org/model")
    await world.read(source, "model.safetensors")
    const elsewhere = hubFetch(hubSettings(), { type: "model", repo: "org/model" })(`${world.hub.filesUrl}/x`)
    await elsewhere.catch(() => {})
    assert.strictEqual(world.hub.requests.at(-1)?.path, "/x")
    for (const { atHub, authorization } of world.hub.requests) {
      assert.strictEqual(authorization, atHub ? `Bearer ${token}` : undefined)
    }
    const texts = [JSON.stringify(source), ...world.said, await world.failure("hf:org/nothing")]
    for (const path of readdirSync(world.root, { recursive: true, withFileTypes: true })) {
      if (path.isFile()) texts.push(readFileSync(join(path.parentPath, path.name), "latin1"))
    }
    for (const text of texts) assert.notInclude(text, token)
  })

  it("does not show a token that is none", async () => {
    process.env["HF_TOKEN"] = "hf_secret\nX-Other: 1"
    const error = await world.failure("hf:org/model")
    assert.include(error, "HF_TOKEN holds characters that no token has")
    assert.notInclude(error, "hf_secret")
  })

  it("finds the token where the Python library's login puts it", async () => {
    world.hub.tokens.add("hf_stored")
    mkdirSync(join(world.root, "hf"), { recursive: true })
    writeFileSync(join(world.root, "hf", "token"), "hf_stored\n")
    world.hub.repos.set("org/model", { refs: { main: commit }, commits: { [commit]: files }, access: "private" })
    assert.strictEqual((await world.resolve("hf:org/model")).pin, commit)
  })
})
