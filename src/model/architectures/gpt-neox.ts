/**
 * GPT-NeoX (Black et al. 2022; Pythia) as Hugging Face's `GPTNeoXForCausalLM` computes and stores it: rotary embedding of
 * a part of each head, attention and MLP side by side (or not), an unembedding of its own.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Architecture, ModelConfig, ModelDescription } from "../decoder/architecture.ts"
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
  vocabularySize,
  width
} from "../decoder/config-schema.ts"
import type { ModelInfo } from "../decoder/model-info.ts"
import { linearMatrix, matrix, vector } from "../blocks/parameter-source.ts"
import { contextStretch, rotaryOf } from "../decoder/rotary-parameters.ts"
import type { BlockParameters, LinearParameters, ModelParameters, NormParameters } from "../blocks/weights.ts"

const Fields = Schema.Record(Schema.String, Schema.Unknown)

const Config = Schema.Struct({
  vocab_size: vocabularySize,
  max_position_embeddings: contextSize,
  hidden_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  intermediate_size: width,
  hidden_act: optional(Schema.String),
  layer_norm_eps: optional(Schema.Finite),
  use_parallel_residual: optional(Schema.Boolean),
  attention_bias: optional(Schema.Boolean),
  rotary_pct: optional(Schema.Finite),
  rotary_emb_base: optional(Schema.Finite),
  rope_scaling: optional(Fields),
  rope_parameters: optional(Fields),
  bos_token_id: optional(Schema.Int),
  tie_word_embeddings: optional(Schema.Boolean)
})
type Config = typeof Config.Type

const parameters = (info: ModelInfo, config: Config, has: (name: string) => boolean): ModelParameters => {
  const { dModel: d, dMlp, heads } = info
  const prefix = has("gpt_neox.embed_in.weight") ? "gpt_neox." : ""
  const biased = config.attention_bias !== false
  const norm = (name: string): NormParameters => ({
    weight: vector(`${prefix}${name}.weight`, d),
    bias: vector(`${prefix}${name}.bias`, d)
  })
  const linear = (name: string, inputs: number, outputs: number, bias = true): LinearParameters => ({
    weight: linearMatrix([{ name: `${prefix}${name}.weight`, outputs }], inputs),
    bias: bias ? vector(`${prefix}${name}.bias`, outputs) : undefined
  })
  const block = (l: number): BlockParameters => {
    const stored = linear(`layers.${l}.attention.query_key_value`, d, 3 * d, biased)
    const interleaved = { heads, parts: 3 }
    return {
      attentionNorm: norm(`layers.${l}.input_layernorm`),
      qkv: {
        weight: { ...stored.weight, interleaved },
        bias: stored.bias === undefined ? undefined : { ...stored.bias, interleaved }
      },
      queryNorm: undefined,
      keyNorm: undefined,
      attentionOut: linear(`layers.${l}.attention.dense`, d, d, biased),
      attentionPostNorm: undefined,
      mlpNorm: norm(`layers.${l}.post_attention_layernorm`),
      mlpIn: linear(`layers.${l}.mlp.dense_h_to_4h`, d, dMlp),
      mlpUp: undefined,
      mlpOut: linear(`layers.${l}.mlp.dense_4h_to_h`, dMlp, d),
      mlpPostNorm: undefined
    }
  }
  const embedding = matrix(`${prefix}embed_in.weight`, info.vocabulary, d)
  return {
    embedding,
    positions: undefined,
    blocks: Array.from({ length: info.layers }, (_, l) => block(l)),
    finalNorm: norm("final_layer_norm"),
    unembedding: config.tie_word_embeddings === true ? embedding : matrix("embed_out.weight", info.vocabulary, d)
  }
}

const describe = Effect.fn("gptNeox.describe")(function* (json: ModelConfig) {
  const config = yield* decodeConfig("gpt_neox", Config, json)
  yield* refuseCommonFields(json)
  const activation = yield* findActivation("hidden_act", config.hidden_act ?? "gelu")
  const dHead = yield* headWidth("hidden_size", config.hidden_size, "num_attention_heads", config.num_attention_heads)
  const rope = config.rope_scaling ?? config.rope_parameters ?? {}
  const share = Number(rope["partial_rotary_factor"] ?? config.rotary_pct ?? 0.25)
  const base = Number(rope["rope_theta"] ?? config.rotary_emb_base ?? 10_000)
  const rotary = rotaryOf(rope, base, {
    dims: Math.trunc(dHead * share),
    context: config.max_position_embeddings
  })
  if (typeof rotary === "string") return yield* configProblem(rotary)
  if (rotary.dims > dHead) return yield* configProblem(`rotary_pct ${share} is more than 1`)
  const info: ModelInfo = {
    architecture: "gpt_neox",
    layers: config.num_hidden_layers,
    dModel: config.hidden_size,
    heads: config.num_attention_heads,
    keyValueHeads: config.num_attention_heads,
    dHead,
    dMlp: config.intermediate_size,
    parallel: config.use_parallel_residual !== false,
    vocabulary: config.vocab_size,
    context: Math.trunc(config.max_position_embeddings * contextStretch(rope)),
    bos: config.bos_token_id ?? null
  }
  const description: ModelDescription = {
    info,
    norm: { kind: "layer", epsilon: config.layer_norm_eps ?? 1e-5 },
    activation,
    embeddingScale: 1,
    attention: Array.from({ length: info.layers }, () => ({
      scoreScale: 1 / Math.sqrt(dHead),
      window: undefined,
      rotary
    })),
    scoreCap: undefined,
    logitCap: undefined,
    parameters: (has) => parameters(info, config, has)
  }
  return description
})

export const gptNeox: Architecture = { name: "gpt_neox", describe }
