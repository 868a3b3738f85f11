/** The weights of a GPT-2 that training goes on from, checked against the shape that is asked for. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { gpt2Parameters, type Gpt2Config } from "../decoder/gpt2-config.ts"

const shapeKeys = ["n_layer", "n_embd", "n_head", "n_positions"] as const

/** Checkpoints of the model without its head leave the first part of the names out. */
const prefix = "transformer."

/** @param tokenizer sha256 of the tokenizer.json that the rows are made with */
export const startingWeights = Effect.fn("startingWeights")(function* (
  model: LanguageModelHandle,
  tokenizer: string,
  config: Omit<Gpt2Config, "vocab_size">
) {
  const { model_type: type, vocab_size } = model.config
  if (type !== "gpt2" || typeof vocab_size !== "number") {
    return yield* stageFailed(`from is a ${String(type)}, and train-lm trains GPT-2s`, "Give a model of train-lm.")
  }
  if (model.tokenizerDigest !== tokenizer) {
    return yield* stageFailed("from has another tokenizer", "Give the tokenizer that it was trained with.")
  }
  const other = shapeKeys.find((key) => model.config[key] !== config[key])
  if (other !== undefined) {
    return yield* stageFailed(
      `from has ${other} ${String(model.config[other])}, this stage ${config[other]}`,
      "Give both the same n_layer, n_embd, n_head and context."
    )
  }
  const weights = yield* model.weights
  const values: Record<string, Float32Array<ArrayBuffer>> = {}
  for (const { name, shape } of gpt2Parameters({ ...config, vocab_size })) {
    const stored = weights.entries.has(name) ? name : name.slice(prefix.length)
    if (weights.entries.get(stored)?.shape.join() !== shape.join()) {
      return yield* stageFailed(`from has no ${name} of the shape [${shape.join(", ")}]`, "Give a model of train-lm.")
    }
    values[name] = yield* weights.float32(stored)
  }
  return values
})
