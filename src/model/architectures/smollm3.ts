/**
 * SmolLM3 (Hugging Face 2025) as `SmolLM3ForCausalLM` has it: Llama, with queries and keys turned in three layers of four
 * (Yang et al. 2025, "RoPE to NoPE and back again").
 */
import * as Schema from "effect/Schema"
import { optional, positive } from "../decoder/config-schema.ts"
import { singleRope, windowOf } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { plainAttention } from "../decoder/rotary-family.ts"
import { gatedAt, gatedMlp, separate } from "../decoder/rotary-layout.ts"

export default rotaryDecoder({
  name: "smollm3",
  fields: Schema.Struct({
    attention_bias: optional(Schema.Boolean),
    mlp_bias: optional(Schema.Boolean),
    use_sliding_window: optional(Schema.Boolean),
    no_rope_layers: optional(Schema.Array(Schema.Int)),
    no_rope_layer_interval: optional(positive)
  }),
  defaults: {
    vocab_size: 128_256,
    hidden_size: 2048,
    intermediate_size: 11_008,
    num_hidden_layers: 36,
    num_attention_heads: 16,
    num_key_value_heads: 4,
    max_position_embeddings: 32_768,
    tie_word_embeddings: true,
    bos_token_id: 128_000
  },
  layout: (config) => separate({ qkv: config.attention_bias === true, out: config.attention_bias === true }),
  attention: (config, layer, { d_head }) => {
    const turned = config.no_rope_layers?.[layer] ?? (layer + 1) % (config.no_rope_layer_interval ?? 4)
    const windowed = config.use_sliding_window === true && config.sliding_window != null
    const type = config.layer_types?.[layer] ?? (windowed && turned === 0 ? "sliding_attention" : "full_attention")
    const rope = turned === 0 ? undefined : singleRope(config, 2_000_000)
    return plainAttention(d_head, rope, config.use_sliding_window === true ? windowOf(config, type) : undefined)
  },
  mlp: ({ config, layer, activation }) =>
    gatedMlp(layer, { d_model: config.hidden_size, d_mlp: config.intermediate_size }, activation, (at, shape) =>
      gatedAt(at, shape, config.mlp_bias === true)
    )
})
