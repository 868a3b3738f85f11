import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { parseHubName } from "../../../src/source/hub/hub-name.ts"
import { hubSettings } from "../../../src/source/hub/hub-settings.ts"
import { publishToHub, type Published } from "../../../src/source/hub/publish-to-hub.ts"
import { hubWorld, type HubWorld } from "./hub-world.ts"

const token = "a-token.that-nobody-sees"
const weights = Buffer.from(Float32Array.from({ length: 30_000 }, Math.sin).buffer)
const files: Record<string, string | Buffer> = {
  "README.md": "# Sparse autoencoder\n",
  "config.json": "{}",
  "below/sae_weights.safetensors": weights
}

let world: HubWorld
beforeEach(async () => {
  world = await hubWorld()
  world.hub.tokens.add(token)
  world.hub.writers.add(token)
  process.env["HF_TOKEN"] = token
  for (const [path, content] of Object.entries(files)) put(path, content)
})
afterEach(() => world.close())

const folder = (): string => join(world.root, "artifact")
const put = (path: string, content: string | Buffer): void => {
  mkdirSync(dirname(join(folder(), path)), { recursive: true })
  writeFileSync(join(folder(), path), content)
}
const publish = (to: string, visibility: "public" | "private" = "public"): Promise<Published> => {
  const name = parseHubName(to)
  assert(name !== undefined)
  const what = { to: name, directory: folder(), files: Object.keys(files), title: "sae of x", visibility }
  return Effect.runPromise(publishToHub(hubSettings(), what))
}
const failure = (to: string): Promise<string> =>
  publish(to).then(
    () => "no error",
    (error: Error) => error.message
  )
const standing = (repo: string): Record<string, string | Buffer> => {
  const { refs, commits } = world.hub.repos.get(repo)!
  return commits[refs["main"] as string] as Record<string, string | Buffer>
}
const commits = (): number => world.hub.requests.filter(({ path }) => path.includes("/commit/")).length

describe("what is published to the hub", () => {
  it("is in a repository made for it, and can be read from there", async () => {
    const page = `${world.hub.url}/org/sae/tree/main`
    assert.deepStrictEqual(await publish("hf:org/sae"), { page, made: true, files: 3 })
    const source = await world.resolve("hf:org/sae/below", "sae")
    assert.deepStrictEqual(await world.read(source, "sae_weights.safetensors"), weights)
    assert.strictEqual(standing("org/sae")["README.md"]?.toString(), files["README.md"])
  })

  it("is one commit of what differs; nothing is sent that the hub has", async () => {
    await publish("hf:org/sae")
    assert.strictEqual((await publish("hf:org/sae")).files, 0)
    assert.strictEqual(commits(), 1)
    put("README.md", "# Another\n")
    assert.deepStrictEqual((await publish("hf:org/sae")).files, 1)
    assert.strictEqual(world.hub.requests.filter(({ method }) => method === "PUT").length, 1)
    assert.deepStrictEqual(Object.keys(standing("org/sae")).toSorted(), Object.keys(files).toSorted())
  })

  it("stands in a folder beside what was there", async () => {
    await publish("hf:org/sae")
    const { page, made } = await publish("hf:org/sae@main/width_512")
    assert.deepStrictEqual({ page, made }, { page: `${world.hub.url}/org/sae/tree/main/width_512`, made: false })
    assert.strictEqual(Object.keys(standing("org/sae")).length, 6)
    assert.deepStrictEqual(standing("org/sae")["width_512/below/sae_weights.safetensors"], weights)
  })

  it("is private unless it is said to be public", async () => {
    await publish("hf:org/sae", "private")
    assert.strictEqual(world.hub.repos.get("org/sae")?.access, "private")
  })

  it("is refused without a token, with one that may not write, without a network; the token is in no message", async () => {
    world.hub.writers.delete(token)
    const readOnly = await failure("hf:org/sae")
    assert.match(
      readOnly,
      /^HF_TOKEN may not write to org\/sae: You don't have the rights .* \(status 403\); take a token/
    )
    process.env["HF_TOKEN"] = `${token} line`
    assert.match(await failure("hf:org/sae"), /^HF_TOKEN holds characters that no token has/)
    assert.notInclude(readOnly + (await failure("hf:org/sae")), token)
    process.env["HF_TOKEN"] = ""
    assert.match(await failure("hf:org/sae"), /^publishing to org\/sae needs a token; set HF_TOKEN/)
    process.env["HF_TOKEN"] = token
    process.env["HF_HUB_OFFLINE"] = "1"
    assert.match(await failure("hf:org/sae"), /without a network; leave out --offline/)
    assert.strictEqual(commits(), 0)
  })

  it("gives the token to the hub alone", async () => {
    await publish("hf:org/sae")
    const elsewhere = world.hub.requests.filter(({ atHub }) => !atHub)
    assert.deepStrictEqual(
      elsewhere.map(({ method, authorization }) => [method, authorization]),
      [["PUT", undefined]]
    )
  })
})
