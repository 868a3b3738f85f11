/** A checkpoint in the Hugging Face layout against the reference library's own activations and logits of it. */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { fromBfloat16, toBfloat16 } from "../../src/format/half-float.ts"
import { openSafetensors, type Safetensors } from "../../src/format/safetensors.ts"
import { type DescribedModel, describeModel, loadBody, loadDescribed } from "../../src/model/load-model.ts"
import { type ModelBody, runModel, type TokenBatch } from "../../src/model/run-model.ts"
import { attentionOf, openCheckpoint } from "../model/own-golden.ts"

/** Greatest absolute difference allowed: the reference was computed in f32 too. */
export const tolerance = 2e-4

const golden = (place: string) => {
  const bytes = new Uint8Array(fs.readFileSync(path.join(place, "golden.safetensors")))
  return openSafetensors(bytesFile(bytes), "golden.safetensors")
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
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
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
const constantsInBfloat16 = (description: DescribedModel): DescribedModel => {
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
const compare = Effect.fnUntraced(function* (model: ModelBody, expected: Safetensors) {
  const tokens = yield* readTokens(expected)
  const hooks = new Map<string, string>()
  for (const name of expected.entries.keys()) {
    const hook = hookOf(name)
    if (hook !== undefined) hooks.set(name, hook)
    else if (name !== "input_ids" && name !== "logits") throw new Error(`the golden holds ${name}, which is not known`)
  }
  if (hooks.size < model.info.n_layers) throw new Error("the golden lacks hidden states")
  // The goldens of models without a head have no logits.
  const { activations, logits } = runModel(model, tokens, {
    hooks: [...hooks.values()],
    logits: expected.entries.has("logits")
  })
  const differences: Record<string, number> = {}
  for (const [name, hook] of hooks) {
    const values = (activations[hook] as tf.Tensor).dataSync()
    differences[name] = greatestDifference(values, yield* expected.float32(name))
  }
  tf.dispose(activations)
  if (logits === undefined) return differences
  const all = logits.dataSync<"float32">()
  differences["logits"] = greatestDifference(all, yield* expected.float32("logits"))
  const stated = expected.metadata["mean_cross_entropy"]
  if (stated !== undefined) {
    const own = meanCrossEntropy(all, tokens, model.info.d_vocab)
    differences["mean_cross_entropy"] = Math.abs(own - Number(stated))
  }
  logits.dispose()
  return differences
})

/** Greatest difference of each tensor of a folder's `golden.safetensors`, by name. Needs a scope, which frees the weights. */
export const compareCheckpoint = Effect.fn("compareCheckpoint")(function* (place: string) {
  const handle = yield* openCheckpoint(place)
  const model = yield* loadBody(handle)
  const expected = yield* golden(place)
  const before = tf.memory().numTensors
  const differences = yield* compare(model, expected)
  if (tf.memory().numTensors !== before) throw new Error("a pass leaves tensors behind")
  const dtype = handle.config["dtype"] ?? handle.config["torch_dtype"]
  if (dtype !== "bfloat16" || Math.max(...Object.values(differences)) < tolerance) return differences
  const description = constantsInBfloat16(yield* describeModel(handle.config))
  return yield* compare(yield* loadDescribed(description, handle.weights), expected)
})
