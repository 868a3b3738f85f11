import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openSafetensors } from "../../src/format/safetensors.ts"
import { gpt2Parameters, type Gpt2Config } from "../../src/model/decoder/gpt2-config.ts"
import { findHook, hookPoints } from "../../src/model/hook-name.ts"
import { checkWeights, loadModel, modelInfo } from "../../src/model/load-model.ts"
import { importModel } from "../../src/model/import-model.ts"
import { runModel, type RunnableModel } from "../../src/model/run-model.ts"
import { gpt2ConfigJson, gpt2Safetensors } from "../../src/model/train/gpt2-files.ts"
import * as Rng from "../../src/random/rng.ts"
import { resolveSource } from "../../src/source/resolve-source.ts"
import { openFileIndex } from "../../src/file/file-index.ts"
import { folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { loadTestEngine } from "../engine.ts"

const config: Gpt2Config = {
  vocab_size: 13,
  n_positions: 8,
  n_embd: 6,
  n_layer: 2,
  n_head: 2,
  n_inner: 10,
  layer_norm_epsilon: 1e-5
}
const rng = Rng.make(2, "weights")
const weights = Object.fromEntries(
  gpt2Parameters(config).map(({ name, shape }) => [
    name,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.5 * rng.normal())
  ])
)
const configJson = gpt2ConfigJson(config, 0, "float32")
const bytes = gpt2Safetensors(config, weights, "float32")
const safetensors = (file: Uint8Array) =>
  openSafetensors(
    { size: file.length, read: (offset, length) => Promise.resolve(file.slice(offset, offset + length)) },
    "model.safetensors"
  )

const tokens = { ids: Int32Array.from([0, 3, 5, 7, 0, 9, 1, 2]), batch: 2, time: 4 }
const withModel = <A>(use: (model: RunnableModel) => A): Promise<A> =>
  Effect.runPromise(Effect.scoped(loadModel({ config: configJson, weights: safetensors(bytes) }).pipe(Effect.map(use))))
const read = (tensor: tf.Tensor | undefined): ReadonlyArray<number> => {
  if (tensor === undefined) throw new Error("there is no such activation")
  const values = Array.from(tensor.dataSync())
  tensor.dispose()
  return values
}
const expectClose = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): void => {
  expect(a.length).toBe(b.length)
  for (const [i, x] of a.entries()) expect(Math.abs(x - (b[i] as number))).toBeLessThan(1e-5)
}

describe("running a model", () => {
  beforeAll(loadTestEngine)

  it("gives every hook that is asked for, in its shape", () =>
    withModel((model) => {
      const points = hookPoints(model.info)
      expect(points.length).toBe(1 + 2 * 15 + 2)
      const { activations, logits } = runModel(model, tokens, { hooks: points.map(({ name }) => name) })
      expect(logits).toBeUndefined()
      for (const { name, shape, perToken } of points) {
        expect(activations[name]?.shape, name).toEqual(perToken ? [2, 4, ...shape] : [2, 2, 4, 4])
      }
      for (const activation of Object.values(activations)) activation.dispose()
    }))

  it("keeps the sums of the residual stream", () =>
    withModel((model) => {
      const names = ["hook_resid_pre", "hook_attn_out", "hook_resid_mid", "hook_mlp_out", "hook_resid_post"]
      const { activations } = runModel(model, tokens, { hooks: names.map((name) => `blocks.1.${name}`) })
      const [pre, attention, mid, mlp, post] = names.map((name) => read(activations[`blocks.1.${name}`])) as [
        ReadonlyArray<number>,
        ReadonlyArray<number>,
        ReadonlyArray<number>,
        ReadonlyArray<number>,
        ReadonlyArray<number>
      ]
      expectClose(
        mid,
        pre.map((x, i) => x + (attention[i] as number))
      )
      expectClose(
        post,
        mid.map((x, i) => x + (mlp[i] as number))
      )
    }))

  it("does not look ahead: a changed last token changes nothing before it", () =>
    withModel((model) => {
      const of = (ids: ReadonlyArray<number>) =>
        read(runModel(model, { ids: Int32Array.from(ids), batch: 1, time: 4 }, { logits: true }).logits)
      const [a, b] = [of([0, 3, 5, 7]), of([0, 3, 5, 8])]
      expectClose(a.slice(0, 3 * 13), b.slice(0, 3 * 13))
      expect(Math.abs((a.at(-1) as number) - (b.at(-1) as number))).toBeGreaterThan(1e-4)
    }))

  it("puts a replacement in the place of an activation, seen by all that comes after", () =>
    withModel((model) => {
      const hook = "blocks.0.hook_resid_post"
      const plain = runModel(model, tokens, { hooks: [hook], logits: true })
      const same = runModel(model, tokens, { logits: true, replace: { [hook]: (x) => tf.mul(x, 1) } })
      expectClose(read(same.logits), read(plain.logits))
      const zeros = runModel(model, tokens, {
        hooks: [hook, "blocks.1.hook_resid_pre"],
        replace: { [hook]: (x) => tf.zerosLike(x) }
      })
      expect(read(zeros.activations[hook]).every((x) => x === 0)).toBe(true)
      expect(read(zeros.activations["blocks.1.hook_resid_pre"]).every((x) => x === 0)).toBe(true)
      plain.activations[hook]?.dispose()
      expect(() => runModel(model, tokens, { logits: true, replace: { [hook]: () => tf.zeros([2, 4]) } })).toThrow(
        "replacement at blocks.0.hook_resid_post has shape [2, 4], not [2, 4, 6]"
      )
    }))

  it("stops after the last hook: what is replaced later is never computed", () =>
    withModel((model) => {
      let reached = false
      const replace = {
        "blocks.1.hook_attn_out": (x: tf.Tensor) => {
          reached = true
          return x
        }
      }
      read(
        runModel(model, tokens, { hooks: ["blocks.0.hook_resid_post"], replace }).activations[
          "blocks.0.hook_resid_post"
        ]
      )
      expect(reached).toBe(false)
      read(
        runModel(model, tokens, { hooks: ["blocks.1.hook_resid_mid"], replace }).activations["blocks.1.hook_resid_mid"]
      )
      expect(reached).toBe(true)
    }))

  it("leaves no tensor behind, also when it fails", async () => {
    const before = tf.memory().numTensors
    await withModel((model) => {
      const held = tf.memory().numTensors
      read(runModel(model, tokens, { logits: true }).logits)
      expect(() => runModel(model, { ...tokens, ids: tokens.ids.map((id) => id + 9) }, { logits: true })).toThrow(
        "outside the vocabulary of 13"
      )
      expect(() => runModel(model, tokens, { hooks: ["blocks.2.hook_resid_post"] })).toThrow("blocks 0 to 1")
      expect(tf.memory().numTensors).toBe(held)
    })
    expect(tf.memory().numTensors).toBe(before)
  })
})

describe("a model's hooks", () => {
  it("are found by their TransformerLens names, with their widths", async () => {
    const info = await Effect.runPromise(modelInfo(configJson))
    expect(findHook("blocks.1.attn.hook_z", info)).toMatchObject({ shape: [2, 3], width: 6 })
    expect(findHook("blocks.1.mlp.hook_post", info)).toMatchObject({ width: 10 })
    expect(findHook("blocks.1.hook_residual", info)).toContain("there is no hook blocks.1.hook_residual")
    expect(findHook("blocks.1.hook_resid_pots", info)).toContain(`did you mean "blocks.1.hook_resid_post"?`)
    expect(findHook("blocks.9.hook_resid_post", info)).toContain("the model has blocks 0 to 1")
  })
})

describe("a model that cannot be used", () => {
  const problem = (json: Readonly<Record<string, unknown>>, file = bytes): Promise<string> =>
    Effect.runPromise(
      safetensors(file).pipe(
        Effect.flatMap((opened) => checkWeights(json, opened)),
        Effect.flip,
        Effect.map((error) => error.message)
      )
    )

  it("is refused with the name of its architecture", async () => {
    expect(await problem({ ...configJson, model_type: "mamba" })).toContain("architecture mamba cannot be run yet")
    expect(await problem({ ...configJson, model_type: "mamba" })).toContain("that can be run: gemma, gemma2, gemma3, ")
    expect(await problem({})).toContain("config.json has no model_type")
  })

  it("is refused with the tensor that is missing or of another shape", async () => {
    const { "transformer.wpe.weight": _, ...rest } = weights
    const without = gpt2Parameters(config).filter(({ name }) => name in rest)
    expect(without.length).toBe(gpt2Parameters(config).length - 1)
    expect(await problem({ ...configJson, n_positions: 9 })).toContain(
      "tensor transformer.wpe.weight has shape [8, 6], config.json asks for [9, 6]"
    )
    expect(await problem({ ...configJson, n_layer: 3 })).toContain("there is no tensor transformer.h.2.ln_1.weight")
  })

  it("is refused with the field of config.json that is wrong", async () => {
    expect(await problem({ ...configJson, n_head: 4 })).toContain("n_embd 6 is no multiple of n_head 4")
    expect(await problem({ ...configJson, activation_function: "softsign" })).toContain("softsign is not implemented")
    expect(await problem({ ...configJson, n_layer: "two" })).toContain("n_layer")
  })
})

describe("a model folder as a source", () => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "import-model-"))
  afterAll(() => fs.rmSync(directory, { recursive: true, force: true }))
  const write = (name: string, content: Uint8Array | string): void =>
    fs.writeFileSync(path.join(directory, name), content)
  const importFrom = Effect.gen(function* () {
    const index = yield* Effect.promise(() => openFileIndex(path.join(directory, "..", "none.json"), "1"))
    const source = yield* resolveSource(`file:${directory}`, "model", "/", index)
    const target = yield* temporaryDirectory
    const { parameters } = yield* importModel(source, folderWriter(target))
    return { written: fs.readdirSync(target), parameters }
  }).pipe(Effect.scoped)

  it("must have the three files; then exactly these are taken", async () => {
    write("config.json", JSON.stringify({ ...configJson, vocab_size: 6144, n_embd: 6 }))
    write("model.safetensors", bytes)
    const missing = await Effect.runPromise(Effect.flip(importFrom))
    expect(missing.message).toContain("there is no tokenizer.json; the source holds config.json, model.safetensors")
    expect(missing.message).toContain("Save the model's tokenizer beside it")
    write("vocab.json", "{}")
    const other = await Effect.runPromise(Effect.flip(importFrom))
    expect(other.message).toContain("Turn vocab.json into one: AutoTokenizer.from_pretrained(DIR).save_pretrained(DIR)")
    fs.rmSync(path.join(directory, "vocab.json"))
    fs.copyFileSync(
      new URL("../../models/tiny-speller/tokenizer.json", import.meta.url),
      path.join(directory, "tokenizer.json")
    )
    const shape = await Effect.runPromise(Effect.flip(importFrom))
    expect(shape.message).toContain("tensor transformer.wte.weight has shape [13, 6], config.json asks for [6144, 6]")

    const right = { ...config, vocab_size: 6144 }
    const large = { ...weights, "transformer.wte.weight": new Float32Array(6144 * 6) }
    write("model.safetensors", gpt2Safetensors(right, large, "float16"))
    write("README.md", "not taken")
    const { written, parameters } = await Effect.runPromise(importFrom)
    expect(written.toSorted()).toEqual(["config.json", "model.safetensors", "tokenizer.json"])
    expect(parameters).toBe(gpt2Parameters(right).reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0))
  })
})
