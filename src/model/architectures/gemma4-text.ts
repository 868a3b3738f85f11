/**
 * Gemma 4 (Gemma Team 2026) as Hugging Face's `Gemma4ForCausalLM` has it: wider heads in layers that see everything, of which only
 * a part turns; late layers that look at earlier ones' keys and values; an input of the token's own in each layer; experts beside
 * the MLP.
 */
import * as Schema from "effect/Schema"
import type { ActivationFunction } from "../blocks/activation-function.ts"
import { normalizedPart, sumOf } from "../blocks/composed-parts.ts"
import { experts } from "../blocks/experts-part.ts"
import type { Part } from "../blocks/part.ts"
import { tokenInput } from "../blocks/token-input-part.ts"
import { checkChosen, stacked } from "../decoder/experts-layout.ts"
import type { ModelError } from "../decoder/model-error.ts"
import { configProblem, optional, positive, width } from "../decoder/config-schema.ts"
import { gemmaFamily, gemmaFields } from "../decoder/gemma-family.ts"
import { type RotaryConfig, ropeOf, windowOf } from "../decoder/rotary-config.ts"
import { rotaryDecoder } from "../decoder/rotary-decoder.ts"
import { gatedAt, gatedMlp, linearAt } from "../decoder/rotary-layout.ts"
import { vector } from "../blocks/parameter-source.ts"

const Fields = Schema.Struct({
  attention_bias: gemmaFields.fields.attention_bias,
  hidden_activation: gemmaFields.fields.hidden_activation,
  query_pre_attn_scalar: Schema.optionalKey(Schema.Null),
  attn_logit_softcapping: Schema.optionalKey(Schema.Null),
  final_logit_softcapping: gemmaFields.fields.final_logit_softcapping,
  global_head_dim: optional(width),
  num_global_key_value_heads: optional(positive),
  /** What single layers have otherwise, by number. */
  per_layer_config: optional(Schema.Record(Schema.String, Schema.Record(Schema.String, positive))),
  attention_k_eq_v: optional(Schema.Boolean),
  num_kv_shared_layers: optional(Schema.Int),
  use_double_wide_mlp: optional(Schema.Boolean),
  hidden_size_per_layer_input: optional(Schema.Int),
  vocab_size_per_layer_input: optional(Schema.Int),
  enable_moe_block: optional(Schema.Boolean),
  num_experts: optional(positive),
  top_k_experts: optional(positive),
  moe_intermediate_size: optional(width)
})
type Config = RotaryConfig & typeof Fields.Type

/** The last layer sees everything, whatever is said. */
const typeOf = (config: Config, layer: number): string =>
  layer === config.num_hidden_layers - 1
    ? "full_attention"
    : (config.layer_types?.[layer] ?? ((layer + 1) % 6 === 0 ? "full_attention" : "sliding_attention"))

const firstSharing = (config: Config): number => config.num_hidden_layers - (config.num_kv_shared_layers ?? 0)

/** Late layers share the keys and values of the last layer of their type that has its own. */
const sharedKeys = (config: Config, layer: number) => {
  const first = firstSharing(config)
  const type = typeOf(config, layer)
  if (layer >= first) return { name: type, computes: false }
  if (first === config.num_hidden_layers) return undefined
  const later = Array.from({ length: first - layer - 1 }, (_, i) => typeOf(config, layer + 1 + i))
  return later.includes(type) ? undefined : { name: type, computes: true }
}

/** What a layer that sees everything has otherwise. */
const countsOf = (config: Config, layer: number) => {
  const own = config.per_layer_config?.[layer]
  if (config.per_layer_config != null) {
    const { head_dim: d_head, num_key_value_heads: n_key_value_heads, ...others } = own ?? {}
    const [other] = Object.keys(others)
    if (other !== undefined) return configProblem(`${other} in per_layer_config is not implemented`)
    return {
      ...(d_head === undefined ? {} : { d_head }),
      ...(n_key_value_heads === undefined ? {} : { n_key_value_heads })
    }
  }
  if (typeOf(config, layer) !== "full_attention") return {}
  const n_key_value_heads = config.attention_k_eq_v === true ? config.num_global_key_value_heads : undefined
  return { d_head: config.global_head_dim ?? 512, ...(n_key_value_heads == null ? {} : { n_key_value_heads }) }
}

/** The MLP and the experts side by side, each normalised before and after; the router reads the residual stream. */
const withExperts = (config: Config, layer: number, dense: Part, activation: ActivationFunction): Part | ModelError => {
  const { hidden_size: d_model, num_experts, top_k_experts, moe_intermediate_size: d_mlp } = config
  if (num_experts == null || top_k_experts == null || d_mlp == null) {
    return configProblem("enable_moe_block needs num_experts, top_k_experts and moe_intermediate_size")
  }
  const epsilon = config.rms_norm_eps ?? 1e-6
  const norm = { kind: "rms", epsilon } as const
  const at = (name: string) => `layers.${layer}.${name}`
  const options = {
    experts: num_experts,
    chosen: top_k_experts,
    d_mlp,
    activation,
    weighting: "all_normalized",
    routerEpsilon: epsilon
  } as const
  const problem = checkChosen(options)
  if (problem !== undefined) return problem
  const routed = experts(options, ({ name }) => ({
    router: linearAt(name(at("router.proj")), d_model, num_experts),
    routerNorm: { weight: { ...vector(name(at("router.scale")), d_model), times: d_model ** -0.5 }, bias: undefined },
    expertScale: vector(name(at("router.per_expert_scale")), num_experts),
    experts: Array.from({ length: num_experts }, (_, expert) =>
      stacked(name(at("experts")), expert, { experts: num_experts, d_mlp, d_model })
    )
  }))
  const normAt = (name: string) => ({ weight: vector(`${name}.weight`, d_model), bias: undefined })
  return sumOf([
    normalizedPart(dense, norm, ({ name }) => ({ after: normAt(name(at("post_feedforward_layernorm_1"))) })),
    normalizedPart(routed, norm, ({ name }) => ({
      before: normAt(name(at("pre_feedforward_layernorm_2"))),
      after: normAt(name(at("post_feedforward_layernorm_2")))
    }))
  ])
}

const rotations = {
  sliding_attention: { rope_type: "default", rope_theta: 10_000 },
  full_attention: { rope_type: "proportional", partial_rotary_factor: 0.25, rope_theta: 1_000_000 }
}

export default rotaryDecoder({
  ...gemmaFamily,
  name: "gemma4_text",
  fields: Fields,
  defaults: {
    vocab_size: 262_144,
    hidden_size: 2304,
    intermediate_size: 9216,
    num_hidden_layers: 30,
    num_attention_heads: 8,
    num_key_value_heads: 4,
    head_dim: 256,
    max_position_embeddings: 131_072,
    tie_word_embeddings: true,
    bos_token_id: 2,
    sliding_window: 512,
    rope_parameters: rotations,
    hidden_size_per_layer_input: 256,
    vocab_size_per_layer_input: 262_144
  },
  scalesLessOne: false,
  normalizes: "one",
  attention: (config, layer) => {
    const type = typeOf(config, layer)
    const shared = sharedKeys(config, layer)
    const counts = countsOf(config, layer)
    if ("reason" in counts) return counts
    const first = firstSharing(config)
    if (shared?.computes === false && !Array.from({ length: first }, (_, l) => typeOf(config, l)).includes(type)) {
      return configProblem(`num_kv_shared_layers ${config.num_kv_shared_layers} leaves no ${type} layer with keys`)
    }
    return {
      scoreScale: 1,
      rope: ropeOf(config, type, { full_attention: 1_000_000, sliding_attention: 10_000 }),
      window: windowOf(config, type),
      counts,
      normalizesValues: true,
      values: config.attention_k_eq_v === true && type === "full_attention" ? "keys" : "own",
      shared
    }
  },
  mlp: ({ config, layer, activation }) => {
    const { hidden_size: d_model, intermediate_size } = config
    const wide = config.use_double_wide_mlp === true && layer >= firstSharing(config)
    const shape = { d_model, d_mlp: intermediate_size * (wide ? 2 : 1) }
    if (config.enable_moe_block !== true) return gatedMlp(layer, shape, activation)
    return withExperts(config, layer, gatedMlp(layer, shape, activation, gatedAt, "mlp.shared_expert"), activation)
  },
  after: ({ config, layer, activation, norm }) => {
    const { hidden_size: d_model, num_hidden_layers: layers, hidden_size_per_layer_input: d } = config
    if (d == null || d === 0) return undefined
    const vocabulary = config.vocab_size_per_layer_input ?? config.vocab_size
    if (vocabulary < config.vocab_size) {
      return configProblem(`vocab_size_per_layer_input ${vocabulary} is less than vocab_size ${config.vocab_size}`)
    }
    const normAt = (name: string, size: number) => ({ weight: vector(`${name}.weight`, size), bias: undefined })
    return tokenInput({ d_model, d, activation, norm }, ({ name }) => {
      const own = { from: layer * d, count: d }
      const all = name("per_layer_model_projection.weight")
      return {
        // All layers' vectors stand side by side.
        table: {
          rank: 2,
          stored: [{ name: name("embed_tokens_per_layer.weight"), shape: [vocabulary, layers * d], columns: own }],
          transposed: false
        },
        fromEmbedding: {
          weight: { rank: 2, stored: [{ name: all, shape: [layers * d, d_model], rows: own }], transposed: true },
          bias: undefined
        },
        embeddingNorm: normAt(name("per_layer_projection_norm"), d),
        gate: linearAt(name(`layers.${layer}.per_layer_input_gate`), d_model, d),
        out: linearAt(name(`layers.${layer}.per_layer_projection`), d, d_model),
        outNorm: normAt(name(`layers.${layer}.post_per_layer_input_norm`), d_model)
      }
    })
  },
  blockScale: "layer_scalar",
  // Layers that share keys and values may bring what they do not use.
  needless: (config, layer, name) => layer >= firstSharing(config) && /^self_attn\.[kv]_(proj|norm)\./.test(name),
  logitCap: (config) => config.final_logit_softcapping ?? undefined,
  refuses: {
    // Images alone are seen from both sides.
    use_bidirectional_attention: (value) => value === "vision" || value === false
  }
})
