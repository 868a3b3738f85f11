/** Mixtral (Jiang et al. 2024) as Hugging Face's `MixtralForCausalLM` has it: Mistral with experts in the MLP's place. */
import * as Schema from "effect/Schema"
import { optional, positive } from "../decoder/config-schema.ts"
import { expertsMlp } from "../decoder/experts-layout.ts"
import { singleRope } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { plainAttention } from "../decoder/rotary-family.ts"

export default rotaryDecoder({
  name: "mixtral",
  fields: Schema.Struct({
    num_local_experts: optional(positive),
    num_experts_per_tok: optional(positive)
  }),
  defaults: {
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    max_position_embeddings: 131_072,
    rms_norm_eps: 1e-5,
    bos_token_id: 1
  },
  unread: ["layer_types"],
  attention: (config, _layer, { d_head }) =>
    plainAttention(d_head, singleRope(config, 1_000_000), config.sliding_window ?? undefined),
  mlp: ({ config, layer, activation }) =>
    expertsMlp({
      layer,
      d_model: config.hidden_size,
      d_mlp: config.intermediate_size,
      experts: config.num_local_experts ?? 8,
      chosen: config.num_experts_per_tok ?? 2,
      activation,
      weighting: "all_normalized",
      names: { block: "block_sparse_moe", gate: "w1", up: "w3", down: "w2" }
    })
})
