/** What the dense models and the mixtures of Qwen 3.5 share: the gated delta rule in most layers, gated attention in the others. */
import * as Schema from "effect/Schema"
import { deltaNet } from "../blocks/delta-net-part.ts"
import { vector } from "../blocks/parameter-source.ts"
import { configProblem, optional, positive, width } from "./config-schema.ts"
import { type RotaryConfig, singleRope } from "./rotary-config.ts"
import { type AttentionInputs, plainAttention } from "./rotary-family.ts"
import { linearAt, separate } from "./rotary-layout.ts"

const types = ["full_attention", "linear_attention"]

export const qwen35Fields = Schema.Struct({
  attention_bias: optional(Schema.Boolean),
  full_attention_interval: optional(positive),
  linear_conv_kernel_dim: width,
  linear_key_head_dim: width,
  linear_value_head_dim: width,
  linear_num_key_heads: positive,
  linear_num_value_heads: positive
})
type Config = RotaryConfig & typeof qwen35Fields.Type

const attentionOf = (config: Config, layer: number, { d_head, activation }: AttentionInputs) => {
  const full = (layer + 1) % (config.full_attention_interval ?? 4) === 0
  const type = config.layer_types?.[layer] ?? types[full ? 0 : 1]
  if (type === "full_attention") return { ...plainAttention(d_head, singleRope(config)), gated: true }
  const { hidden_size: d, linear_num_key_heads: heads, linear_num_value_heads: valueHeads } = config
  if (valueHeads % heads !== 0) {
    return configProblem(`linear_num_value_heads ${valueHeads} is no multiple of linear_num_key_heads ${heads}`)
  }
  const [dKey, dValue] = [config.linear_key_head_dim, config.linear_value_head_dim]
  const channels = 2 * heads * dKey + valueHeads * dValue
  const kernel = config.linear_conv_kernel_dim
  const options = {
    heads,
    valueHeads,
    dKey,
    dValue,
    kernel,
    activation,
    epsilon: config.rms_norm_eps ?? 1e-6
  }
  return deltaNet(options, ({ name }) => {
    const at = (text: string) => name(`layers.${layer}.linear_attn.${text}`)
    return {
      qkv: linearAt(at("in_proj_qkv"), d, channels),
      convolution: {
        rank: 2,
        stored: [{ name: at("conv1d.weight"), shape: [channels, 1, kernel] }],
        transposed: true
      },
      beta: linearAt(at("in_proj_b"), d, valueHeads),
      decay: linearAt(at("in_proj_a"), d, valueHeads),
      decayBias: vector(at("dt_bias"), valueHeads),
      decayLog: vector(at("A_log"), valueHeads),
      gate: linearAt(at("in_proj_z"), d, valueHeads * dValue),
      norm: { weight: vector(at("norm.weight"), dValue), bias: undefined },
      out: linearAt(at("out_proj"), valueHeads * dValue, d)
    }
  })
}

export const qwen35Sizes = {
  vocab_size: 248_320,
  hidden_size: 4096,
  intermediate_size: 12_288,
  num_hidden_layers: 32,
  num_attention_heads: 16,
  num_key_value_heads: 4,
  head_dim: 256,
  max_position_embeddings: 32_768,
  partial_rotary_factor: 0.25,
  linear_conv_kernel_dim: 4,
  linear_key_head_dim: 128,
  linear_value_head_dim: 128,
  linear_num_key_heads: 16,
  linear_num_value_heads: 32
}

export const qwen35Family = {
  fields: qwen35Fields,
  partial: true,
  unread: ["sliding_window"],
  scalesLessOne: true,
  normalizes: "one",
  layerTypes: types,
  layout: (config: Config) =>
    separate({ qkv: config.attention_bias === true, out: config.attention_bias === true }, true),
  attention: attentionOf
} as const
