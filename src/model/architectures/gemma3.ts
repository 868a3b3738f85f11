/**
 * Gemma 3 (Gemma Team 2025) as Hugging Face's `Gemma3ForCausalLM` has it: normalised queries and keys, five local layers
 * to one global, each kind with a rotary base of its own. `gemma3` is the text part of a model that sees images too.
 */
import * as Effect from "effect/Effect"
import type { Architecture } from "../decoder/architecture.ts"
import { configProblem } from "../decoder/config-schema.ts"
import { capOf, gemmaFamily } from "../decoder/gemma-family.ts"
import {
  describeRotaryDecoder,
  type LayerType,
  type RotaryDecoderConfig,
  type RotaryDecoderFamily
} from "../decoder/rotary-decoder.ts"

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Scaling of positions is the global layers' alone. */
const rope = (config: RotaryDecoderConfig, type: LayerType) => {
  const named = config.rope_parameters?.[type]
  const own = isFields(named) ? named : {}
  if (type === "sliding_attention") return { fields: own, base: config.rope_local_base_freq ?? 10_000 }
  return { fields: { ...own, ...config.rope_scaling }, base: config.rope_theta ?? 1_000_000 }
}

const family: RotaryDecoderFamily = {
  ...gemmaFamily,
  name: "gemma3_text",
  defaults: { keyValueHeads: 4, headDim: 256, context: 131_072, tied: true },
  normalizesQueries: true,
  layerType: (config, layer) =>
    config.layer_types?.[layer] ??
    ((layer + 1) % (config.sliding_window_pattern ?? 6) === 0 ? "full_attention" : "sliding_attention"),
  rope,
  logitCap: (config) => capOf(config.final_logit_softcapping, undefined),
  // The library has the field and does not use it.
  refuses: { attn_logit_softcapping: () => false }
}

const describeText = describeRotaryDecoder(family)

export const gemma3Text: Architecture = { name: "gemma3_text", describe: describeText }

export const gemma3: Architecture = {
  name: "gemma3",
  describe: (config) => {
    const text = config["text_config"]
    if (!isFields(text)) return Effect.fail(configProblem("a gemma3 model needs text_config"))
    const tied = config["tie_word_embeddings"]
    return describeText(tied === undefined ? text : { tie_word_embeddings: tied, ...text })
  }
}
