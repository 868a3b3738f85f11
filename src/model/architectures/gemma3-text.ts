/**
 * Gemma 3 (Gemma Team 2025) as Hugging Face's `Gemma3ForCausalLM` has it: normalised queries and keys, five local layers
 * to one global, each kind with a rotary base of its own; scaling of positions is the global layers' alone.
 */
import * as Schema from "effect/Schema"
import { optional, positive } from "../decoder/config-schema.ts"
import { gemmaFamily, gemmaFields, gemmaScale } from "../decoder/gemma-family.ts"
import { ropeOf, windowOf } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"

export default rotaryDecoder({
  ...gemmaFamily,
  name: "gemma3_text",
  fields: Schema.Struct({
    ...gemmaFields.fields,
    rope_local_base_freq: optional(Schema.Finite),
    sliding_window_pattern: optional(positive),
    use_bidirectional_attention: optional(Schema.Boolean)
  }),
  defaults: {
    vocab_size: 262_208,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 26,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    max_position_embeddings: 131_072,
    tie_word_embeddings: true,
    sliding_window: 4096,
    query_pre_attn_scalar: 256
  },
  normalizes: "one",
  ignores: ["attn_logit_softcapping"],
  attention: (config, layer) => {
    const global = (layer + 1) % (config.sliding_window_pattern ?? 6) === 0
    const type = config.layer_types?.[layer] ?? (global ? "full_attention" : "sliding_attention")
    // EmbeddingGemma: half the window to either side.
    const bidirectional = config.use_bidirectional_attention === true
    const window = windowOf(config, type)
    return {
      bidirectional,
      ...gemmaScale(config),
      rope: ropeOf(config, type, {
        full_attention: config.rope_theta ?? 1_000_000,
        sliding_attention: config.rope_local_base_freq ?? 10_000
      }),
      window: bidirectional && typeof window === "number" ? Math.floor(window / 2) + 1 : window
    }
  },
  logitCap: (config) => config.final_logit_softcapping ?? undefined
})
