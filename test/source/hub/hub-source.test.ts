import { createHash } from "node:crypto"
import { existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import { commitOf, gitOid } from "./hub-server.ts"
import { hubWorld, type HubWorld } from "./hub-world.ts"

const first = commitOf("first")
const second = commitOf("second")
const weights = Buffer.alloc(300_000, "weights of a model ")
const sha256 = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex")

const files = {
  "config.json": `{"model_type":"gpt2"}`,
  "tokenizer.json": "{}",
  "model.safetensors": weights,
  "pytorch_model.bin": "pickles",
  "README.md": "# a model",
  "onnx/model.onnx": "other weights"
}

let world: HubWorld
beforeEach(async () => {
  world = await hubWorld()
  world.hub.repos.set("org/model", {
    refs: { main: first },
    commits: { [first]: files, [second]: { ...files, "config.json": `{"model_type":"gpt_neox"}` } }
  })
})
afterEach(() => world.close())

const names = ({ files: found }: { readonly files: ReadonlyArray<{ readonly name: string }> }) =>
  found.map(({ name }) => name)
const contents = () => world.hub.requests.filter(({ path }) => !path.startsWith("/api/"))

describe("an hf: model", () => {
  it("is resolved to a commit and to the files that are needed, without fetching large ones", async () => {
    const source = await world.resolve("hf:org/model")
    assert.strictEqual(source.pin, first)
    assert.deepStrictEqual(names(source), ["config.json", "tokenizer.json", "model.safetensors"])
    assert.deepStrictEqual(
      source.files.map(({ sha256: digest }) => digest),
      [sha256(files["config.json"]), sha256("{}"), sha256(weights)]
    )
    assert.strictEqual(source.name, `hf:org/model@${first}`)
    assert.isTrue(contents().every(({ path }) => /\/(config|tokenizer)\.json$/.test(path)))
  })

  it("is fetched when it is read, into the cache that Hugging Face's libraries share, and once", async () => {
    const source = await world.resolve("hf:org/model@main")
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
    const folder = join(world.cache, "models--org--model")
    assert.strictEqual(readFileSync(join(folder, "refs", "main"), "utf8"), first)
    const snapshot = join(folder, "snapshots", first)
    assert.strictEqual(readlinkSync(join(snapshot, "model.safetensors")), join("..", "..", "blobs", sha256(weights)))
    const config = gitOid(Buffer.from(files["config.json"]))
    assert.strictEqual(readlinkSync(join(snapshot, "config.json")), join("..", "..", "blobs", config))
    assert.isFalse(existsSync(join(folder, "blobs", `${sha256(weights)}.incomplete`)))
    const before = contents().length
    await world.read(await world.resolve("hf:org/model@main"), "model.safetensors")
    assert.strictEqual(contents().length, before)
  })

  it("follows a branch that has moved, and shares the blobs that have not changed", async () => {
    const before = await world.resolve("hf:org/model")
    await world.read(before, "model.safetensors")
    world.hub.repos.get("org/model")!.refs["main"] = second
    const after = await world.resolve("hf:org/model")
    assert.strictEqual(after.pin, second)
    assert.notStrictEqual(after.digest, before.digest)
    const asked = contents().length
    await world.read(after, "model.safetensors")
    assert.strictEqual(contents().length, asked)
    assert.strictEqual(readFileSync(join(world.cache, "models--org--model", "refs", "main"), "utf8"), second)
  })

  it("has the digest of its commit, whatever the revision was called", async () => {
    const digest = async (uri: string) => (await world.resolve(uri)).digest
    assert.strictEqual(await digest(`hf:org/model@${first}`), await digest("hf:org/model@main"))
    world.hub.repos.set("org/twin", world.hub.repos.get("org/model")!)
    assert.notStrictEqual(await digest("hf:org/twin"), await digest("hf:org/model"))
  })

  it("takes the shards of an index, a folder of a repository, a file of PyTorch's, one GGUF file and one in parts", async () => {
    world.hub.repos.set("org/other", {
      refs: { main: first },
      commits: {
        [first]: {
          "sub/config.json": "{}",
          "sub/tokenizer.json": "{}",
          "sub/model-00001-of-00002.safetensors": "a",
          "sub/model-00002-of-00002.safetensors": "b",
          "sub/model.safetensors.index.json": "{}",
          "q4.gguf": "GGUF4",
          "q8.gguf": "GGUF8",
          "old/config.json": "{}",
          "old/tokenizer.json": "{}",
          "old/pytorch_model.bin": "PK",
          "big/f16-00001-of-00002.gguf": "GGUF1",
          "big/f16-00002-of-00002.gguf": "GGUF2",
          "half/f16-00001-of-00002.gguf": "GGUF1"
        }
      }
    })
    assert.deepStrictEqual(names(await world.resolve("hf:org/other@main/sub")), [
      "config.json",
      "tokenizer.json",
      "model-00001-of-00002.safetensors",
      "model-00002-of-00002.safetensors",
      "model.safetensors.index.json"
    ])
    assert.deepStrictEqual(names(await world.resolve("hf:org/other@main/q8.gguf")), ["q8.gguf"])
    assert.include(names(await world.resolve("hf:org/other@main/old")), "pytorch_model.bin")
    const parts = ["f16-00001-of-00002.gguf", "f16-00002-of-00002.gguf"]
    for (const path of ["big", "big/f16-00002-of-00002.gguf"]) {
      assert.deepStrictEqual(names(await world.resolve(`hf:org/other@main/${path}`)).toSorted(), parts)
    }
    assert.include(await world.failure("hf:org/other@main/half"), "there is no half/f16-00002-of-00002.gguf")
    assert.include(await world.failure("hf:org/other"), "it holds 2 GGUF models: q4.gguf, q8.gguf; add the path of one")
    assert.include(await world.failure("hf:org/other@main/nowhere"), "org/other@main has no folder nowhere")
  })
})

describe("an hf: data set or SAE", () => {
  it("is the files of a data set, those of a folder, or those of a pattern", async () => {
    world.hub.repos.set("org/text", {
      type: "dataset",
      refs: { main: first },
      commits: {
        [first]: {
          "README.md": "# text",
          "data/test-00000-of-00001.parquet": "t",
          "data/train-00000-of-00002.parquet": "a",
          "data/train-00001-of-00002.parquet": "b",
          "README.txt.md": "no"
        }
      }
    })
    const train = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"]
    const all = ["data/test-00000-of-00001.parquet", ...train]
    assert.deepStrictEqual(names(await world.resolve("hf:datasets/org/text", "text")), all)
    assert.deepStrictEqual(names(await world.resolve("hf:datasets/org/text@main/data/train-*", "text")), train)
    assert.deepStrictEqual(names(await world.resolve("hf:datasets/org/text@main/data/test-*.parquet", "text")), [
      "data/test-00000-of-00001.parquet"
    ])
    const source = await world.resolve("hf:datasets/org/text", "text")
    assert.strictEqual(String(await world.read(source, train[1] as string)), "b")
    assert.isTrue(existsSync(join(world.cache, "datasets--org--text", "snapshots", first, train[1] as string)))
    assert.isFalse(existsSync(join(world.cache, "datasets--org--text", "snapshots", first, train[0] as string)))
  })

  it("does not mix several data sets, nor take one for a model", async () => {
    world.hub.repos.set("org/text", {
      type: "dataset",
      refs: { main: first },
      commits: {
        [first]: { "a/train.parquet": "a", "b/train.parquet": "b" },
        [second]: { "x/train/0.parquet": "a", "x/test/0.parquet": "b" }
      }
    })
    assert.deepStrictEqual(names(await world.resolve("hf:datasets/org/text@main/a", "text")), ["a/train.parquet"])
    assert.deepStrictEqual(names(await world.resolve("hf:datasets/org/text@main/*/train.*", "text")), [
      "a/train.parquet",
      "b/train.parquet"
    ])
    assert.lengthOf((await world.resolve(`hf:datasets/org/text@${second}`, "text")).files, 2)
    assert.include(await world.failure("hf:datasets/org/text", "text"), "it holds several data sets, in a/, b/")
    assert.include(await world.failure("hf:datasets/org/text", "model"), "a data set is no model")
    assert.include(await world.failure("hf:org/model", "text"), "write hf:datasets/org/name@revision")
  })

  it("is one SAE of many, by its folder", async () => {
    const folder = "layer_12/width_16k/average_l0_82"
    world.hub.repos.set("google/scope", {
      refs: { main: first },
      commits: { [first]: { [`${folder}/params.npz`]: "npz", "layer_12/width_16k/average_l0_22/params.npz": "other" } }
    })
    const source = await world.resolve(`hf:google/scope@main/${folder}`, "sae")
    assert.deepStrictEqual(names(source), ["params.npz"])
    assert.strictEqual(String(await world.read(source, "params.npz")), "npz")
    const nested = { "l5/hyperparams.json": "{}", "l5/checkpoints/final.safetensors": "st", "l5/other/x.pt": "x" }
    world.hub.repos.set("fnlp/scope", { refs: { main: first }, commits: { [first]: nested } })
    assert.deepStrictEqual(names(await world.resolve("hf:fnlp/scope@main/l5", "sae")), [
      "hyperparams.json",
      "checkpoints/final.safetensors"
    ])
    world.hub.repos.set("good/fire", {
      refs: { main: first },
      commits: { [first]: { "SAE-l19.pth": "pt", "a.pth": "a" } }
    })
    assert.deepStrictEqual(names(await world.resolve("hf:good/fire@main/SAE-l19.pth", "sae")), ["SAE-l19.pth"])
    assert.include(await world.failure("hf:google/scope", "sae"), "no weights of an SAE stand there")
    assert.include(await world.failure("hf:google/scope", "sae"), "there is layer_12/")
  })
})

describe("the hub's cache", () => {
  const offline = (): void => {
    process.env["HF_HUB_OFFLINE"] = "1"
  }

  it("is enough where HF_HUB_OFFLINE is set: the same digest, and no request", async () => {
    const online = await world.resolve("hf:org/model")
    await world.read(online, "model.safetensors")
    const asked = world.hub.requests.length
    offline()
    const source = await world.resolve("hf:org/model")
    assert.strictEqual(source.digest, online.digest)
    assert.deepStrictEqual(await world.read(source, "model.safetensors"), weights)
    assert.strictEqual(world.hub.requests.length, asked)
  })

  it("is read as others have filled it, links or copies, and gives the digest that the hub gives", async () => {
    const online = await world.resolve("hf:org/model")
    await world.read(online, "model.safetensors")
    const snapshot = join(world.cache, "models--org--model", "snapshots", first)
    // Another machine: no memory of ours, and a file system without links.
    rmSync(join(world.root, "xdg"), { recursive: true })
    rmSync(join(world.root, "index.json"))
    const bytes = readFileSync(join(snapshot, "config.json"))
    rmSync(join(snapshot, "config.json"))
    writeFileSync(join(snapshot, "config.json"), bytes)
    offline()
    const source = await world.resolve("hf:org/model")
    assert.strictEqual(source.digest, online.digest)
    assert.isFalse(lstatSync(join(snapshot, "config.json")).isSymbolicLink())
  })

  it("says what is not in it", async () => {
    offline()
    assert.include(await world.failure("hf:org/model"), "revision main of org/model is not in the cache")
    delete process.env["HF_HUB_OFFLINE"]
    const source = await world.resolve("hf:org/model")
    offline()
    const error = await world.read(source, "model.safetensors").catch((reason: Error) => reason.message)
    assert.include(error, "model.safetensors of org/model is not in the cache")
    assert.include(error, "leave out --offline (or unset PIPELINE_OFFLINE, HF_HUB_OFFLINE)")
  })

  it("stands in for a hub that cannot be reached, and says so", async () => {
    const online = await world.resolve("hf:org/model")
    process.env["HF_ENDPOINT"] = "http://127.0.0.1:9"
    assert.strictEqual((await world.resolve("hf:org/model")).digest, online.digest)
    assert.include(world.said.join("\n"), `org/model@main is taken as the commit ${first} of the cache`)
    const error = await world.failure("hf:org/never")
    assert.include(error, "http://127.0.0.1:9 cannot be reached")
    assert.include(error, "check the network")
  })

  it("is not trusted where a file is not what the hub holds", async () => {
    const source = await world.resolve("hf:org/model")
    const place = join(world.cache, "models--org--model", "snapshots", first, "model.safetensors")
    mkdirSync(dirname(place), { recursive: true })
    writeFileSync(place, "something else")
    const error = await world.read(source, "model.safetensors").catch((reason: Error) => reason.message)
    assert.include(error, "is not what the hub holds")
  })
})
