/** Llama 1 to 3 (Touvron et al. 2023), SmolLM and others, as Hugging Face's `LlamaForCausalLM` has them. */
import * as Schema from "effect/Schema"
import { optional } from "../decoder/config-schema.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { gatedAt, gatedMlp, separate } from "../decoder/rotary-layout.ts"

export default rotaryDecoder({
  name: "llama",
  fields: Schema.Struct({ attention_bias: optional(Schema.Boolean), mlp_bias: optional(Schema.Boolean) }),
  defaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    max_position_embeddings: 2048
  },
  layout: (config) => separate({ qkv: config.attention_bias === true, out: config.attention_bias === true }),
  mlp: ({ config, layer, activation }) =>
    gatedMlp(layer, { d_model: config.hidden_size, d_mlp: config.intermediate_size }, activation, (at, shape) =>
      gatedAt(at, shape, config.mlp_bias === true)
    )
})
