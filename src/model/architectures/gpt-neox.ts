/**
 * GPT-NeoX (Black et al. 2022; Pythia) as Hugging Face's `GPTNeoXForCausalLM` computes and stores it: rotary embedding of
 * a part of each head, attention and MLP side by side (or not), an unembedding of its own.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ModelArchitecture, ModelConfig, ModelDescription } from "../decoder/architecture.ts"
import {
  configProblem,
  contextSize,
  decodeConfig,
  findActivation,
  headWidth,
  layerCount,
  optional,
  positive,
  vocabularySize,
  width
} from "../decoder/config-schema.ts"
import { attention } from "../blocks/attention-part.ts"
import { mlp } from "../blocks/mlp-part.ts"
import { blockFacts } from "../decoder/model-info.ts"
import { matrix, vector } from "../blocks/parameter-source.ts"
import { linearAt } from "../decoder/rotary-layout.ts"
import { contextStretch, rotaryOf } from "../decoder/rotary-parameters.ts"
import type { BlockParameters, NormParameters } from "../blocks/weights.ts"

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

const describe = Effect.fn("gptNeox.describe")(function* (json: ModelConfig) {
  const config = yield* decodeConfig("gpt_neox", Config, json)
  const activation = yield* findActivation("hidden_act", config.hidden_act ?? "gelu")
  const d_head = yield* headWidth("hidden_size", config.hidden_size, "num_attention_heads", config.num_attention_heads)
  const scaled = Object.keys(config.rope_scaling ?? {}).length > 0
  const rope = (scaled ? config.rope_scaling : config.rope_parameters) ?? {}
  const share = Number(rope["partial_rotary_factor"] ?? config.rotary_pct ?? 0.25)
  const base = Number(rope["rope_theta"] ?? config.rotary_emb_base ?? 10_000)
  const rotary = rotaryOf(rope, base, {
    dims: Math.trunc(d_head * share),
    context: config.max_position_embeddings
  })
  if (typeof rotary === "string") return yield* configProblem(rotary)
  if (rotary.dims > d_head) return yield* configProblem(`rotary_pct ${share} is more than 1`)
  const { hidden_size: d, num_attention_heads: heads, num_hidden_layers: layers } = config
  const biased = config.attention_bias !== false
  const norm = { kind: "layer", epsilon: config.layer_norm_eps ?? 1e-5 } as const
  const normAt = (name: string): NormParameters => ({
    weight: vector(`${name}.weight`, d),
    bias: vector(`${name}.bias`, d)
  })
  const options = { heads, n_key_value_heads: heads, d_head, scoreScale: 1 / Math.sqrt(d_head), rotary, norm }
  const blocks = Array.from({ length: layers }, (_, l) => ({
    attention: attention(options, ({ name }) => {
      const stored = name(`layers.${l}.attention.query_key_value`)
      const interleaved = { heads, parts: 3 }
      return {
        qkv: {
          weight: { rank: 2, stored: [{ name: `${stored}.weight`, shape: [3 * d, d], interleaved }], transposed: true },
          bias: biased ? { rank: 1, stored: [{ name: `${stored}.bias`, shape: [3 * d], interleaved }] } : undefined
        },
        queryNorm: undefined,
        keyNorm: undefined,
        out: linearAt(name(`layers.${l}.attention.dense`), d, d, biased),
        sinks: undefined
      }
    }),
    mlp: mlp(config.intermediate_size, activation, ({ name }) => ({
      in: linearAt(name(`layers.${l}.mlp.dense_h_to_4h`), d, config.intermediate_size, true),
      up: undefined,
      out: linearAt(name(`layers.${l}.mlp.dense_4h_to_h`), config.intermediate_size, d, true)
    }))
  }))
  const description: ModelDescription = {
    info: {
      architecture: "gpt_neox",
      n_layers: layers,
      d_model: d,
      n_heads: heads,
      n_key_value_heads: heads,
      d_head,
      parallel: config.use_parallel_residual !== false,
      d_vocab: config.vocab_size,
      n_ctx: Math.trunc(config.max_position_embeddings * contextStretch(rope)),
      bos: config.bos_token_id ?? null,
      ...blockFacts(blocks, ["ln1", "ln2"])
    },
    norm,
    embeddingScale: 1,
    residualScale: 1,
    logitScale: 1,
    logitCap: undefined,
    blocks,
    embedding: "embed_in.weight",
    prefixes: ["", "gpt_neox."],
    tied: config.tie_word_embeddings === true,
    heads: ["embed_out.weight"],
    warnings: [],
    parameters: ({ name }) => {
      const block = (l: number): BlockParameters => ({
        attentionNorm: normAt(name(`layers.${l}.input_layernorm`)),
        attentionPostNorm: undefined,
        mlpNorm: normAt(name(`layers.${l}.post_attention_layernorm`)),
        mlpPostNorm: undefined
      })
      return {
        embedding: matrix(name("embed_in.weight"), config.vocab_size, d),
        positions: undefined,
        blocks: Array.from({ length: layers }, (_, l) => block(l)),
        finalNorm: normAt(name("final_layer_norm"))
      }
    }
  }
  return description
})

const architecture: ModelArchitecture = { reads: Object.keys(Config.fields), describe }
export default architecture
