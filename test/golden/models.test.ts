/**
 * Checkpoints in the Hugging Face layout with the reference library's own activations and logits: one case for every
 * folder of `GOLDENS_DIR`, made of what the folder holds and says. Folders of goldens for GGUF files belong to
 * `gguf-models.test.ts`; a folder of any other kind fails.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { fromBfloat16, toBfloat16 } from "../../src/format/half-float.ts"
import { openSafetensors, type Safetensors } from "../../src/format/safetensors.ts"
import { readLanguageModel } from "../../src/kinds/language-model/read-language-model.ts"
import type { ModelDescription } from "../../src/model/decoder/architecture.ts"
import { filesArtifact, folderFiles } from "../../src/model/files-artifact.ts"
import { describeModel, loadDescribed, loadModel } from "../../src/model/load-model.ts"
import { type RunnableModel, runModel, type TokenBatch } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"
import { attentionOf } from "../model/own-golden.ts"
import { foldersIn, goldenKind, goldensDirectory, ownGoldensDirectory } from "./golden-folders.ts"

const folders = foldersIn(goldensDirectory)

/** Greatest absolute difference allowed: the reference was computed in f32 too. */
const tolerance = 2e-4

const golden = (place: string) => {
  const bytes = new Uint8Array(fs.readFileSync(path.join(place, "golden.safetensors")))
  const read = (offset: number, length: number) => Promise.resolve(bytes.slice(offset, offset + length))
  return openSafetensors({ size: bytes.length, read }, "golden.safetensors")
}

/** Which hook holds the golden's tensor: the reference's hidden state `l` is the residual stream before block `l`. */
const hookOf = (name: string): string | undefined => {
  const [kind, number] = name.split(".") as [string, string]
  const l = Number(number)
  if (kind === "attn_out") return `blocks.${l}.hook_attn_out`
  if (kind === "mlp_out") return `blocks.${l}.hook_mlp_out`
  if (/^(router_logits|expert_weights|expert_indices)$/.test(kind)) return `blocks.${l}.mlp.hook_${kind}`
  if (kind !== "hidden_states") return undefined
  return l === 0 ? "blocks.0.hook_resid_pre" : `blocks.${l - 1}.hook_resid_post`
}

const greatestDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length)
  let greatest = 0
  // Written so that NaN is no small difference.
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] as number) - (b[i] as number))
    if (!(difference <= greatest)) greatest = difference
  }
  return greatest
}

/**
 * The model as it is when the whole of it was once converted to bf16, as some references were: that rounds the scale of
 * embeddings and the rotary frequencies too, which a model loaded in f32 (or in bf16) keeps.
 */
const constantsInBfloat16 = (description: ModelDescription): ModelDescription => {
  const rounded = (values: Float32Array) => fromBfloat16(toBfloat16(values))
  for (const { attention } of description.blocks) {
    const rotary = attentionOf(attention)?.rotary
    if (rotary === undefined) continue
    const { frequencies } = rotary
    Object.assign(rotary, { frequencies: (time: number) => rounded(frequencies(time)) })
  }
  return { ...description, embeddingScale: rounded(Float32Array.of(description.embeddingScale))[0] as number }
}

const readTokens = Effect.fnUntraced(function* (expected: Safetensors) {
  const entry = expected.entries.get("input_ids")
  const [batch, time] = (entry === undefined ? [] : entry.shape) as readonly [number, number]
  const raw = yield* expected.bytes("input_ids")
  const ids =
    entry?.dtype === "I64" ? Int32Array.from(new BigInt64Array(raw.buffer), Number) : new Int32Array(raw.buffer)
  const tokens: TokenBatch = { ids, batch, time }
  return tokens
})

const meanCrossEntropy = (logits: Float32Array, { ids, batch, time }: TokenBatch, vocabulary: number): number => {
  let sum = 0
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t + 1 < time; t++) {
      const row = logits.subarray((b * time + t) * vocabulary, (b * time + t + 1) * vocabulary)
      const total = row.reduce((z, x) => z + Math.exp(x), 0)
      sum += Math.log(total) - (row[ids[b * time + t + 1] as number] as number)
    }
  }
  return sum / (batch * (time - 1))
}

/** Greatest difference of each tensor of the golden. */
const compare = Effect.fnUntraced(function* (model: RunnableModel, expected: Safetensors) {
  const tokens = yield* readTokens(expected)
  const hooks = new Map<string, string>()
  for (const name of expected.entries.keys()) {
    const hook = hookOf(name)
    if (hook !== undefined) hooks.set(name, hook)
    else expect(["input_ids", "logits"], "what the golden holds").toContain(name)
  }
  expect(hooks.size).toBeGreaterThanOrEqual(model.info.layers)
  const { activations, logits } = runModel(model, tokens, { hooks: [...hooks.values()], logits: true })
  const differences: Record<string, number> = {}
  for (const [name, hook] of hooks) {
    const values = (activations[hook] as tf.Tensor).dataSync()
    differences[name] = greatestDifference(values, yield* expected.float32(name))
  }
  const all = (logits as tf.Tensor3D).dataSync<"float32">()
  differences["logits"] = greatestDifference(all, yield* expected.float32("logits"))
  const stated = expected.metadata["mean_cross_entropy"]
  if (stated !== undefined) {
    const own = meanCrossEntropy(all, tokens, model.info.vocabulary)
    differences["mean_cross_entropy"] = Math.abs(own - Number(stated))
  }
  tf.dispose([activations, logits as tf.Tensor])
  return differences
})

const check = Effect.fnUntraced(function* (place: string) {
  // These folders have no tokenizer; config.json stands in for it, unread.
  const tokenizer = { name: "tokenizer.json", path: path.join(place, "config.json"), sha256: "" }
  const artifact = yield* filesArtifact("LanguageModel", [...(yield* folderFiles(place)), tokenizer])
  const handle = yield* readLanguageModel(artifact)
  const model = yield* loadModel(handle)
  const expected = yield* golden(place)
  const before = tf.memory().numTensors
  let differences = yield* compare(model, expected)
  expect(tf.memory().numTensors).toBe(before)
  const dtype = handle.config["dtype"] ?? handle.config["torch_dtype"]
  if (dtype === "bfloat16" && Math.max(...Object.values(differences)) >= tolerance) {
    const description = constantsInBfloat16(yield* describeModel(handle.config))
    differences = yield* compare(yield* loadDescribed(description, handle.weights), expected)
  }
  const greatest = Math.max(...Object.values(differences))
  console.info(`${path.basename(place)}: greatest difference ${greatest.toExponential(1)}`)
  for (const [name, difference] of Object.entries(differences)) expect(difference, name).toBeLessThan(tolerance)
})

describe("models agree with the reference library", () => {
  beforeAll(loadTestEngine)
  for (const place of [...folders, ...foldersIn(ownGoldensDirectory)]) {
    const name = place.startsWith(ownGoldensDirectory) ? `own ${path.basename(place)}` : path.basename(place)
    const kind = goldenKind(place)
    if (kind === "checkpoint") it(name, () => Effect.runPromise(Effect.scoped(check(place))))
    if (kind === "unknown") it(name, () => expect.fail(`${place} holds goldens of an unknown kind`))
  }
})
