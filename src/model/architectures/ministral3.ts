/**
 * Ministral 3 (Mistral AI 2025) as Hugging Face's `Ministral3ForCausalLM` has it: Mistral, with queries that grow with the
 * number of trained contexts before them (as Llama 4 has it).
 */
import { singleRope } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { noFields, plainAttention } from "../decoder/rotary-family.ts"

const context = 262_144

/** 1 + beta * ln(1 + floor(position / trained context)) */
const growing = ({
  llama_4_scaling_beta: beta,
  original_max_position_embeddings: trained
}: Readonly<Record<string, unknown>>) => {
  if (typeof beta !== "number" || typeof trained !== "number") return undefined
  return (time: number) =>
    Float32Array.from({ length: time }, (_, position) => 1 + beta * Math.log(1 + Math.floor(position / trained)))
}

export default rotaryDecoder({
  name: "ministral3",
  fields: noFields,
  defaults: {
    vocab_size: 131_072,
    hidden_size: 4096,
    intermediate_size: 14_336,
    num_hidden_layers: 34,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 128,
    max_position_embeddings: context,
    rms_norm_eps: 1e-5,
    bos_token_id: 1,
    rope_parameters: {
      rope_type: "yarn",
      rope_theta: 1_000_000,
      factor: 16,
      original_max_position_embeddings: 16_384,
      beta_fast: 32,
      beta_slow: 1,
      mscale_all_dim: 1,
      mscale: 1,
      llama_4_scaling_beta: 0.1
    }
  },
  unread: ["layer_types"],
  attention: (config, _layer, { d_head }) => {
    const { fields, base } = singleRope(config)
    const { llama_4_scaling_beta: _, ...rotation } = fields
    return {
      ...plainAttention(d_head, { fields: rotation, base }, config.sliding_window ?? undefined),
      queryScale: growing({ original_max_position_embeddings: config.max_position_embeddings, ...fields })
    }
  }
})
