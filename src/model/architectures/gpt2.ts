/** GPT-2 (Radford et al. 2019) as Hugging Face's `GPT2LMHeadModel` computes and stores it. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ModelArchitecture, ModelConfig } from "../decoder/architecture.ts"
import {
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
import { gptDecoder } from "../decoder/gpt-decoder.ts"
import { matrix, vector } from "../blocks/parameter-source.ts"
import type { LinearParameters } from "../blocks/weights.ts"

const Config = Schema.Struct({
  vocab_size: vocabularySize,
  n_positions: contextSize,
  n_embd: width,
  n_layer: layerCount,
  n_head: positive,
  n_inner: optional(width),
  layer_norm_epsilon: optional(Schema.Finite),
  activation_function: optional(Schema.String),
  bos_token_id: optional(Schema.Int),
  scale_attn_weights: optional(Schema.Boolean),
  scale_attn_by_inverse_layer_idx: optional(Schema.Boolean),
  tie_word_embeddings: optional(Schema.Boolean)
})

// GPT-2's Conv1D stores [in, out].
const linear = (name: string, inputs: number, outputs: number): LinearParameters => ({
  weight: matrix(`${name}.weight`, inputs, outputs),
  bias: vector(`${name}.bias`, outputs)
})

const describe = Effect.fn("gpt2.describe")(function* (json: ModelConfig) {
  const config = yield* decodeConfig("gpt2", Config, json)
  const activation = yield* findActivation("activation_function", config.activation_function ?? "gelu_new")
  const d_head = yield* headWidth("n_embd", config.n_embd, "n_head", config.n_head)
  const scale = config.scale_attn_weights === false ? 1 : 1 / Math.sqrt(d_head)
  const d = config.n_embd
  return gptDecoder({
    info: {
      architecture: "gpt2",
      n_layers: config.n_layer,
      d_model: d,
      n_heads: config.n_head,
      d_head,
      d_vocab: config.vocab_size,
      n_ctx: config.n_positions,
      bos: config.bos_token_id ?? null
    },
    d_mlp: config.n_inner ?? 4 * d,
    activation,
    epsilon: config.layer_norm_epsilon ?? 1e-5,
    tied: config.tie_word_embeddings !== false,
    attention: (layer) => ({
      scoreScale: config.scale_attn_by_inverse_layer_idx === true ? scale / (layer + 1) : scale
    }),
    linear,
    qkv: (block) => linear(`${block}.attn.c_attn`, d, 3 * d),
    attentionOut: "attn.c_proj"
  })
})

const architecture: ModelArchitecture = { reads: Object.keys(Config.fields), describe }
export default architecture
