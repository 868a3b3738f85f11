import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { openSafetensors, type Safetensors } from "../../src/artifact/safetensors.ts"
import { architectureNames, loadModel } from "../../src/model/load-model.ts"
import { readLanguageModel } from "../../src/artifact/read-language-model.ts"
import { filesArtifact, folderFiles } from "../../src/model/files-artifact.ts"
import { runModel } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"

/** Folders in the Hugging Face layout with the reference library's own hidden states and logits. */
const directory = process.env["GOLDENS_DIR"] ?? path.join(import.meta.dirname, "../../../shared/goldens")
const folders = fs.existsSync(directory) ? fs.readdirSync(directory).toSorted() : []

/** Greatest absolute difference allowed: the reference was computed in f32 too. */
const tolerance = 2e-4

const config = (folder: string): Record<string, unknown> =>
  JSON.parse(fs.readFileSync(path.join(directory, folder, "config.json"), "utf8")) as Record<string, unknown>

/** Why a folder cannot be checked, or undefined. */
const whySkipped = (folder: string): string | undefined => {
  if (!fs.existsSync(path.join(directory, folder, "config.json"))) return "holds no weights"
  const architecture = String(config(folder)["model_type"])
  return architectureNames.includes(architecture) ? undefined : `the architecture ${architecture} is not implemented`
}

const golden = (folder: string) => {
  const bytes = new Uint8Array(fs.readFileSync(path.join(directory, folder, "golden.safetensors")))
  const read = (offset: number, length: number) => Promise.resolve(bytes.slice(offset, offset + length))
  return openSafetensors({ size: bytes.length, read }, "golden.safetensors")
}

/** Which hook holds the golden's tensor: the reference's hidden state `l` is the residual stream before block `l`. */
const hookOf = (name: string): string | undefined => {
  const [kind, number] = name.split(".") as [string, string]
  const l = Number(number)
  if (kind === "attn_out") return `blocks.${l}.hook_attn_out`
  if (kind === "mlp_out") return `blocks.${l}.hook_mlp_out`
  if (kind !== "hidden_states") return undefined
  return l === 0 ? "blocks.0.hook_resid_pre" : `blocks.${l - 1}.hook_resid_post`
}

const greatestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  let greatest = 0
  for (let i = 0; i < a.length; i++) greatest = Math.max(greatest, Math.abs((a[i] as number) - (b[i] as number)))
  return greatest
}

const check = Effect.fnUntraced(function* (folder: string) {
  const expected: Safetensors = yield* golden(folder)
  const place = path.join(directory, folder)
  // These folders have no tokenizer; config.json stands in for it, unread.
  const tokenizer = { name: "tokenizer.json", path: path.join(place, "config.json"), sha256: "" }
  const artifact = yield* filesArtifact("LanguageModel", [...(yield* folderFiles(place)), tokenizer])
  const model = yield* loadModel(yield* readLanguageModel(artifact))
  const shape = expected.entries.get("input_ids")?.shape as readonly [number, number]
  const raw = yield* expected.bytes("input_ids")
  const tokens = { ids: new Int32Array(raw.buffer), batch: shape[0], time: shape[1] }
  const hooks = new Map<string, string>()
  for (const name of expected.entries.keys()) {
    const hook = hookOf(name)
    if (hook !== undefined) hooks.set(name, hook)
  }
  expect(hooks.size).toBeGreaterThan(model.info.layers)
  const { activations, logits } = runModel(model, tokens, { hooks: [...hooks.values()], logits: true })
  for (const [name, hook] of hooks) {
    const values = (activations[hook] as tf.Tensor).dataSync()
    expect(greatestDifference(values, yield* expected.float32(name)), name).toBeLessThan(tolerance)
  }
  const all = (logits as tf.Tensor3D).dataSync() as Float32Array
  expect(greatestDifference(all, yield* expected.float32("logits")), "logits").toBeLessThan(tolerance)

  const { batch, time, ids } = tokens
  const vocabulary = model.info.vocabulary
  let sum = 0
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t + 1 < time; t++) {
      const row = all.subarray((b * time + t) * vocabulary, (b * time + t + 1) * vocabulary)
      const total = row.reduce((z, x) => z + Math.exp(x), 0)
      sum += Math.log(total) - (row[ids[b * time + t + 1] as number] as number)
    }
  }
  const crossEntropy = Number(expected.metadata["mean_cross_entropy"])
  expect(sum / (batch * (time - 1))).toBeCloseTo(crossEntropy, 4)
})

describe.skipIf(folders.length === 0)("models agree with the reference library", () => {
  beforeAll(loadTestEngine)
  for (const folder of folders) {
    const reason = whySkipped(folder)
    it.skipIf(reason !== undefined)(reason === undefined ? folder : `${folder} (${reason})`, () =>
      Effect.runPromise(Effect.scoped(check(folder)))
    )
  }
})
