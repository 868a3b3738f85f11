/**
 * GPT-Neo (Black et al. 2021) as Hugging Face's `GPTNeoForCausalLM` computes and stores it: like GPT-2, with scores that
 * are not scaled and, in local layers, a window.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ModelArchitecture, ModelConfig } from "../decoder/architecture.ts"
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
import { gptDecoder } from "../decoder/gpt-decoder.ts"
import { linearMatrix, vector } from "../blocks/parameter-source.ts"
import type { LinearParameters } from "../blocks/weights.ts"

const Kind = Schema.Literals(["global", "local"])

const Config = Schema.Struct({
  vocab_size: vocabularySize,
  max_position_embeddings: contextSize,
  hidden_size: width,
  num_layers: layerCount,
  num_heads: positive,
  intermediate_size: optional(width),
  attention_layers: optional(Schema.Array(Kind)),
  attention_types: optional(Schema.Array(Schema.Tuple([Schema.Array(Kind), layerCount]))),
  window_size: optional(positive),
  activation_function: optional(Schema.String),
  layer_norm_epsilon: optional(Schema.Finite),
  bos_token_id: optional(Schema.Int),
  tie_word_embeddings: optional(Schema.Boolean)
})

const linear = (name: string, inputs: number, outputs: number): LinearParameters => ({
  weight: linearMatrix([{ name: `${name}.weight`, outputs }], inputs),
  bias: vector(`${name}.bias`, outputs)
})

const describe = Effect.fn("gptNeo.describe")(function* (json: ModelConfig) {
  const config = yield* decodeConfig("gpt_neo", Config, json)
  const activation = yield* findActivation("activation_function", config.activation_function ?? "gelu_new")
  const d_head = yield* headWidth("hidden_size", config.hidden_size, "num_heads", config.num_heads)
  const types = config.attention_types ?? [[["global", "local"], 12] as const]
  const expanded: Array<"global" | "local"> = []
  for (const [pattern, times] of types) {
    for (let i = 0; i < times && expanded.length <= config.num_layers; i++) expanded.push(...pattern)
  }
  // The library writes `attention_layers` beside the pattern that it follows from, and believes it rather than the pattern.
  const kinds = config.attention_layers ?? expanded
  if (kinds.length !== config.num_layers) {
    const field = config.attention_layers == null ? "attention_types" : "attention_layers"
    return yield* configProblem(`${field} does not describe num_layers ${config.num_layers} layers`)
  }
  const d = config.hidden_size
  return gptDecoder({
    info: {
      architecture: "gpt_neo",
      n_layers: config.num_layers,
      d_model: d,
      n_heads: config.num_heads,
      d_head,
      d_vocab: config.vocab_size,
      n_ctx: config.max_position_embeddings,
      bos: config.bos_token_id ?? null
    },
    d_mlp: config.intermediate_size ?? 4 * d,
    activation,
    epsilon: config.layer_norm_epsilon ?? 1e-5,
    tied: config.tie_word_embeddings !== false,
    attention: (layer) => ({
      scoreScale: 1,
      window: kinds[layer] === "local" ? (config.window_size ?? 256) : undefined
    }),
    linear,
    qkv: (block) => ({
      weight: linearMatrix(
        ["q", "k", "v"].map((part) => ({ name: `${block}.attn.attention.${part}_proj.weight`, outputs: d })),
        d
      ),
      bias: undefined
    }),
    attentionOut: "attn.attention.out_proj"
  })
})

const architecture: ModelArchitecture = { reads: Object.keys(Config.fields), describe }
export default architecture
