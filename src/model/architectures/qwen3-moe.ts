/**
 * Qwen 3's mixtures of experts (Yang et al. 2025) as Hugging Face's `Qwen3MoeForCausalLM` has them: Qwen 3 with experts in the
 * place of the MLPs of most layers.
 */
import * as Schema from "effect/Schema"
import { optional, positive, width } from "../decoder/config-schema.ts"
import { expertsMlp } from "../decoder/experts-layout.ts"
import { singleRope } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { plainAttention } from "../decoder/rotary-family.ts"
import { gatedMlp, separate } from "../decoder/rotary-layout.ts"

export default rotaryDecoder({
  name: "qwen3_moe",
  fields: Schema.Struct({
    attention_bias: optional(Schema.Boolean),
    use_sliding_window: optional(Schema.Boolean),
    moe_intermediate_size: optional(width),
    num_experts: optional(Schema.Int),
    num_local_experts: optional(Schema.Int),
    num_experts_per_tok: optional(positive),
    norm_topk_prob: optional(Schema.Boolean),
    decoder_sparse_step: optional(positive),
    mlp_only_layers: optional(Schema.Array(Schema.Int))
  }),
  defaults: {
    vocab_size: 151_936,
    hidden_size: 2048,
    intermediate_size: 6144,
    num_hidden_layers: 24,
    num_attention_heads: 32,
    num_key_value_heads: 4,
    max_position_embeddings: 32_768,
    sliding_window: 4096
  },
  layout: (config) => separate({ qkv: config.attention_bias === true, out: config.attention_bias === true }),
  normalizes: "one",
  unread: ["layer_types"],
  // The library knows no layer_types here: with a window, every layer has it.
  attention: (config, _layer, { d_head }) => {
    const window = config.use_sliding_window === true ? (config.sliding_window ?? undefined) : undefined
    return plainAttention(d_head, singleRope(config), window)
  },
  mlp: ({ config, layer, activation }) => {
    const { hidden_size: d_model, intermediate_size: d_mlp } = config
    const experts = config.num_experts ?? config.num_local_experts ?? 128
    const sparse = experts > 0 && (layer + 1) % (config.decoder_sparse_step ?? 1) === 0
    if (!sparse || config.mlp_only_layers?.includes(layer) === true)
      return gatedMlp(layer, { d_model, d_mlp }, activation)
    return expertsMlp({
      layer,
      d_model,
      d_mlp: config.moe_intermediate_size ?? 768,
      experts,
      chosen: config.num_experts_per_tok ?? 8,
      activation,
      weighting: config.norm_topk_prob === true ? "all_normalized" : "all",
      names: { block: "mlp", gate: "gate_proj", up: "up_proj", down: "down_proj" }
    })
  }
})
