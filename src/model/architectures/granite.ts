/** Granite 3 (IBM 2024) as Hugging Face's `GraniteForCausalLM` has it: Llama with four multipliers. */
import * as Schema from "effect/Schema"
import { optional } from "../decoder/config-schema.ts"
import { singleRope } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { gatedAt, gatedMlp, separate } from "../decoder/rotary-layout.ts"

export default rotaryDecoder({
  name: "granite",
  fields: Schema.Struct({
    attention_bias: optional(Schema.Boolean),
    mlp_bias: optional(Schema.Boolean),
    embedding_multiplier: optional(Schema.Finite),
    attention_multiplier: optional(Schema.Finite),
    residual_multiplier: optional(Schema.Finite),
    logits_scaling: optional(Schema.Finite)
  }),
  defaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048,
    bos_token_id: 1
  },
  unread: ["sliding_window", "layer_types"],
  layout: (config) => separate({ qkv: config.attention_bias === true, out: config.attention_bias === true }),
  attention: (config) => ({ scoreScale: config.attention_multiplier ?? 1, rope: singleRope(config) }),
  mlp: ({ config, layer, activation }) =>
    gatedMlp(layer, { d_model: config.hidden_size, d_mlp: config.intermediate_size }, activation, (at, shape) =>
      gatedAt(at, shape, config.mlp_bias === true)
    ),
  scales: (config) => ({
    embeddingScale: config.embedding_multiplier ?? 1,
    residualScale: config.residual_multiplier ?? 1,
    logitScale: 1 / (config.logits_scaling ?? 1)
  })
})
