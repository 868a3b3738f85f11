/**
 * Qwen 3.5's mixtures of experts (Qwen Team 2026) as Hugging Face's `Qwen3_5MoeForCausalLM` has them: Qwen 3.5 with experts in the
 * MLP's place, one of which all tokens share.
 */
import * as Schema from "effect/Schema"
import { optional, positive, width } from "../decoder/config-schema.ts"
import { expertsMlp } from "../decoder/experts-layout.ts"
import { qwen35Family, qwen35Fields, qwen35Sizes } from "../decoder/qwen3-5-family.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"

export default rotaryDecoder({
  ...qwen35Family,
  name: "qwen3_5_moe_text",
  fields: Schema.Struct({
    ...qwen35Fields.fields,
    moe_intermediate_size: width,
    shared_expert_intermediate_size: width,
    num_experts: optional(positive),
    num_local_experts: optional(positive),
    num_experts_per_tok: positive
  }),
  defaults: {
    ...qwen35Sizes,
    hidden_size: 2048,
    num_hidden_layers: 40,
    num_key_value_heads: 2,
    moe_intermediate_size: 512,
    shared_expert_intermediate_size: 512,
    num_experts_per_tok: 8
  },
  // The library knows neither here, and has it so.
  refuses: { norm_topk_prob: (value) => value === true, decoder_sparse_step: (value) => value === 1 },
  unread: [...qwen35Family.unread, "intermediate_size"],
  mlp: ({ config, layer, activation }) =>
    expertsMlp({
      layer,
      d_model: config.hidden_size,
      d_mlp: config.moe_intermediate_size,
      experts: config.num_experts ?? config.num_local_experts ?? 256,
      chosen: config.num_experts_per_tok,
      activation,
      weighting: "all_normalized",
      names: { block: "mlp", gate: "gate_proj", up: "up_proj", down: "down_proj" },
      shared: config.shared_expert_intermediate_size
    })
})
