/**
 * What Llama and the models after it share: RMS normalisation, rotary positions, grouped keys and values, a gated MLP, and
 * the names of their fields in config.json and of their tensors. A family says in which of these it differs.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { AttentionDescription, ModelConfig, ModelDescription } from "./architecture.ts"
import type { Rotary } from "../blocks/rotary.ts"
import {
  configProblem,
  contextSize,
  decodeConfig,
  findActivation,
  headWidth,
  layerCount,
  optional,
  positive,
  refuseCommonFields,
  refuseFields,
  vocabularySize,
  width
} from "./config-schema.ts"
import type { ModelError } from "./model-error.ts"
import type { ModelInfo } from "./model-info.ts"
import { linearMatrix, matrix, vector } from "../blocks/parameter-source.ts"
import { contextStretch, rotaryOf } from "./rotary-parameters.ts"
import type { BlockParameters, LinearParameters, ModelParameters, NormParameters } from "../blocks/weights.ts"

const Fields = Schema.Record(Schema.String, Schema.Unknown)
const LayerType = Schema.Literals(["full_attention", "sliding_attention"])
export type LayerType = typeof LayerType.Type

const Config = Schema.Struct({
  vocab_size: vocabularySize,
  hidden_size: width,
  intermediate_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  num_key_value_heads: optional(positive),
  head_dim: optional(width),
  hidden_act: optional(Schema.String),
  hidden_activation: optional(Schema.String),
  max_position_embeddings: optional(contextSize),
  rms_norm_eps: optional(Schema.Finite),
  tie_word_embeddings: optional(Schema.Boolean),
  attention_bias: optional(Schema.Boolean),
  mlp_bias: optional(Schema.Boolean),
  rope_theta: optional(Schema.Finite),
  rope_local_base_freq: optional(Schema.Finite),
  rope_scaling: optional(Fields),
  rope_parameters: optional(Fields),
  layer_types: optional(Schema.Array(LayerType)),
  sliding_window: optional(positive),
  sliding_window_pattern: optional(positive),
  use_sliding_window: optional(Schema.Boolean),
  max_window_layers: optional(Schema.Int),
  query_pre_attn_scalar: optional(Schema.Finite),
  attn_logit_softcapping: optional(Schema.Finite),
  final_logit_softcapping: optional(Schema.Finite),
  bos_token_id: optional(Schema.Int)
})
export type RotaryDecoderConfig = typeof Config.Type

/** In what a family differs. */
export interface RotaryDecoderFamily {
  readonly name: string
  /** The library's own values for fields that config.json leaves out. `null`: as many as query heads. */
  readonly defaults: {
    readonly keyValueHeads: number | null
    /** undefined: hidden_size / num_attention_heads. */
    readonly headDim: number | undefined
    readonly context: number
    readonly tied: boolean
  }
  readonly activation: (config: RotaryDecoderConfig) => readonly [field: string, name: string]
  /** Which projections have a bias. */
  readonly biases: (config: RotaryDecoderConfig) => {
    readonly qkv: boolean
    readonly attentionOut: boolean
    readonly mlp: boolean
  }
  readonly normalizesQueries: boolean
  /** Gemma normalises what attention and MLP give too, and stores scales less 1. */
  readonly gemma: boolean
  readonly layerType: (config: RotaryDecoderConfig, layer: number) => LayerType
  /** Window of sliding layers. */
  readonly window: (config: RotaryDecoderConfig) => number | undefined
  /** The rope parameters of a kind of layer, and the base where those do not name it. */
  readonly rope: (
    config: RotaryDecoderConfig,
    type: LayerType
  ) => { readonly fields: Readonly<Record<string, unknown>>; readonly base: number }
  readonly scoreScale: (config: RotaryDecoderConfig, dHead: number) => number
  readonly scoreCap: (config: RotaryDecoderConfig) => number | undefined
  readonly logitCap: (config: RotaryDecoderConfig) => number | undefined
  /** Fields of config.json that are refused unless their value is accepted. */
  readonly refuses?: Readonly<Record<string, (value: unknown) => boolean>>
}

/** rope_scaling, where there is one, stands for rope_parameters; `rope_theta` may stand beside either. */
export const singleRope = (config: RotaryDecoderConfig) => {
  const scaling = config.rope_scaling ?? undefined
  const fields = scaling !== undefined && Object.keys(scaling).length > 0 ? scaling : (config.rope_parameters ?? {})
  return { fields, base: config.rope_theta ?? 10_000 }
}

/** Every layer sees all that came before. */
export const fullAttention = (): LayerType => "full_attention"

export const noBiases = () => ({ qkv: false, attentionOut: false, mlp: false })

/** What the families after Llama have in common where they do not say otherwise. */
export const plainFamily = {
  activation: (config: RotaryDecoderConfig) => ["hidden_act", config.hidden_act ?? "silu"] as const,
  biases: noBiases,
  normalizesQueries: false,
  gemma: false,
  layerType: fullAttention,
  window: (): number | undefined => undefined,
  rope: singleRope,
  scoreScale: (_config: RotaryDecoderConfig, dHead: number) => 1 / Math.sqrt(dHead),
  scoreCap: (): number | undefined => undefined,
  logitCap: (): number | undefined => undefined
}

const parameters = (
  family: RotaryDecoderFamily,
  info: ModelInfo,
  config: RotaryDecoderConfig,
  has: (name: string) => boolean
): ModelParameters => {
  const { dModel: d, dMlp, dHead, heads, keyValueHeads } = info
  // With a head, without one, and inside a model that sees images too.
  const prefixes = ["model.", "", "language_model.model.", "model.language_model."]
  const prefix = prefixes.find((text) => has(`${text}embed_tokens.weight`)) ?? "model."
  const biases = family.biases(config)
  const norm = (name: string, size: number): NormParameters => ({
    weight: { ...vector(`${prefix}${name}.weight`, size), ...(family.gemma ? { plus: 1 } : {}) },
    bias: undefined
  })
  const linear = (name: string, inputs: number, outputs: number, biased: boolean): LinearParameters => ({
    weight: linearMatrix([{ name: `${prefix}${name}.weight`, outputs }], inputs),
    bias: biased ? vector(`${prefix}${name}.bias`, outputs) : undefined
  })
  const qkv = (l: number): LinearParameters => {
    const parts = [
      { name: `${prefix}layers.${l}.self_attn.q_proj`, outputs: heads * dHead },
      { name: `${prefix}layers.${l}.self_attn.k_proj`, outputs: keyValueHeads * dHead },
      { name: `${prefix}layers.${l}.self_attn.v_proj`, outputs: keyValueHeads * dHead }
    ]
    return {
      weight: linearMatrix(
        parts.map(({ name, outputs }) => ({ name: `${name}.weight`, outputs })),
        d
      ),
      bias: biases.qkv
        ? { rank: 1, stored: parts.map(({ name, outputs }) => ({ name: `${name}.bias`, shape: [outputs] })) }
        : undefined
    }
  }
  const block = (l: number): BlockParameters => {
    const at = (name: string): string => `layers.${l}.${name}`
    return {
      attentionNorm: norm(at("input_layernorm"), d),
      qkv: qkv(l),
      queryNorm: family.normalizesQueries ? norm(at("self_attn.q_norm"), dHead) : undefined,
      keyNorm: family.normalizesQueries ? norm(at("self_attn.k_norm"), dHead) : undefined,
      attentionOut: linear(at("self_attn.o_proj"), heads * dHead, d, biases.attentionOut),
      attentionPostNorm: family.gemma ? norm(at("post_attention_layernorm"), d) : undefined,
      mlpNorm: norm(at(family.gemma ? "pre_feedforward_layernorm" : "post_attention_layernorm"), d),
      mlpIn: linear(at("mlp.gate_proj"), d, dMlp, biases.mlp),
      mlpUp: linear(at("mlp.up_proj"), d, dMlp, biases.mlp),
      mlpOut: linear(at("mlp.down_proj"), dMlp, d, biases.mlp),
      mlpPostNorm: family.gemma ? norm(at("post_feedforward_layernorm"), d) : undefined
    }
  }
  const embedding = matrix(`${prefix}embed_tokens.weight`, info.vocabulary, d)
  const head = ["lm_head.weight", "language_model.lm_head.weight"].find(has) ?? "lm_head.weight"
  const tied = config.tie_word_embeddings ?? family.defaults.tied
  return {
    embedding,
    positions: undefined,
    blocks: Array.from({ length: info.layers }, (_, l) => block(l)),
    finalNorm: norm("norm", d),
    unembedding: tied ? embedding : matrix(head, info.vocabulary, d)
  }
}

const rotaryFor = (
  family: RotaryDecoderFamily,
  config: RotaryDecoderConfig,
  type: LayerType,
  dHead: number,
  context: number
): Effect.Effect<Rotary, ModelError> => {
  const { fields, base } = family.rope(config, type)
  const share = fields["partial_rotary_factor"] ?? 1
  if (share !== 1) {
    return Effect.fail(configProblem(`partial_rotary_factor ${JSON.stringify(share)} is not implemented`))
  }
  const rotary = rotaryOf(fields, Number(fields["rope_theta"] ?? base), { dims: dHead, context })
  return typeof rotary === "string" ? Effect.fail(configProblem(rotary)) : Effect.succeed(rotary)
}

const positiveCap = (field: string, cap: number | undefined): Effect.Effect<number | undefined, ModelError> =>
  cap === undefined || cap > 0 ? Effect.succeed(cap) : Effect.fail(configProblem(`${field} ${cap} is not positive`))

export const describeRotaryDecoder = (family: RotaryDecoderFamily) =>
  Effect.fn(`${family.name}.describe`)(function* (json: ModelConfig) {
    const config = yield* decodeConfig(family.name, Config, json)
    yield* refuseCommonFields(json)
    yield* refuseFields(json, { partial_rotary_factor: (value) => value === 1, ...family.refuses })
    const { defaults } = family
    const heads = config.num_attention_heads
    const keyValueHeads =
      config.num_key_value_heads ?? (json["num_key_value_heads"] === null ? heads : (defaults.keyValueHeads ?? heads))
    if (heads % keyValueHeads !== 0) {
      return yield* configProblem(`num_attention_heads ${heads} is no multiple of num_key_value_heads ${keyValueHeads}`)
    }
    const dHead =
      config.head_dim ??
      defaults.headDim ??
      (yield* headWidth("hidden_size", config.hidden_size, "num_attention_heads", heads))
    const activation = yield* findActivation(...family.activation(config))
    const context = config.max_position_embeddings ?? defaults.context
    const layers = config.num_hidden_layers
    if (config.layer_types !== undefined && config.layer_types !== null && config.layer_types.length !== layers) {
      return yield* configProblem(
        `layer_types has ${config.layer_types.length} entries, num_hidden_layers is ${layers}`
      )
    }
    const info: ModelInfo = {
      architecture: family.name,
      layers,
      dModel: config.hidden_size,
      heads,
      keyValueHeads,
      dHead,
      dMlp: config.intermediate_size,
      parallel: false,
      vocabulary: config.vocab_size,
      context: Math.trunc(context * contextStretch(family.rope(config, "full_attention").fields)),
      bos: config.bos_token_id ?? null
    }
    const types = Array.from({ length: layers }, (_, layer) => family.layerType(config, layer))
    const scoreScale = family.scoreScale(config, dHead)
    if (!(scoreScale > 0 && Number.isFinite(scoreScale))) {
      return yield* configProblem(`query_pre_attn_scalar ${String(config.query_pre_attn_scalar)} is not positive`)
    }
    const kinds = new Map<LayerType, AttentionDescription>()
    for (const type of new Set(types)) {
      const window = type === "sliding_attention" ? family.window(config) : undefined
      if (type === "sliding_attention" && window === undefined) {
        return yield* configProblem("there are sliding_attention layers, but no sliding_window")
      }
      kinds.set(type, { scoreScale, window, rotary: yield* rotaryFor(family, config, type, dHead, context) })
    }
    const description: ModelDescription = {
      info,
      norm: { kind: "rms", epsilon: config.rms_norm_eps ?? 1e-6 },
      activation,
      embeddingScale: family.gemma ? Math.fround(Math.sqrt(config.hidden_size)) : 1,
      attention: types.map((type) => kinds.get(type) as AttentionDescription),
      scoreCap: yield* positiveCap("attn_logit_softcapping", family.scoreCap(config)),
      logitCap: yield* positiveCap("final_logit_softcapping", family.logitCap(config)),
      parameters: (has) => parameters(family, info, config, has)
    }
    return description
  })
