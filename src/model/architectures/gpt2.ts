/** GPT-2 (Radford et al. 2019) as Hugging Face's `GPT2LMHeadModel` computes and stores it. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Rank } from "@tensorflow/tfjs-core"
import type { Architecture, ModelDescription, ParameterReader } from "../architecture.ts"
import { activationFunction, activationFunctionNames } from "../blocks/activation-function.ts"
import { ModelError } from "../model-error.ts"
import type { BlockWeights } from "../weights.ts"

const positive = Schema.Int.check(Schema.isGreaterThan(0))

const Config = Schema.Struct({
  vocab_size: positive,
  n_positions: positive,
  n_embd: positive,
  n_layer: positive,
  n_head: positive,
  n_inner: Schema.optionalKey(Schema.NullOr(positive)),
  layer_norm_epsilon: Schema.optionalKey(Schema.Finite),
  activation_function: Schema.optionalKey(Schema.String),
  bos_token_id: Schema.optionalKey(Schema.NullOr(Schema.Int)),
  scale_attn_weights: Schema.optionalKey(Schema.Boolean),
  scale_attn_by_inverse_layer_idx: Schema.optionalKey(Schema.Boolean)
})

const describe = Effect.fn("gpt2.describe")(function* (json: Readonly<Record<string, unknown>>) {
  const config = yield* Schema.decodeUnknownEffect(Config)(json, { errors: "all" }).pipe(
    Effect.mapError(
      (error) => new ModelError({ reason: "config", problem: `config.json of a gpt2 model: ${error.message}` })
    )
  )
  const name = config.activation_function ?? "gelu_new"
  const activation = activationFunction(name)
  if (activation === undefined) {
    return yield* new ModelError({
      reason: "config",
      problem: `config.json: activation_function ${name} is not implemented`,
      remedy: `Implemented are ${activationFunctionNames.join(", ")}.`
    })
  }
  if (config.n_embd % config.n_head !== 0) {
    return yield* new ModelError({
      reason: "config",
      problem: `config.json: n_embd ${config.n_embd} is no multiple of n_head ${config.n_head}`
    })
  }
  const dHead = config.n_embd / config.n_head
  const scale = config.scale_attn_weights === false ? 1 : 1 / Math.sqrt(dHead)
  const description: ModelDescription = {
    info: {
      architecture: "gpt2",
      layers: config.n_layer,
      dModel: config.n_embd,
      heads: config.n_head,
      dHead,
      dMlp: config.n_inner ?? 4 * config.n_embd,
      vocabulary: config.vocab_size,
      context: config.n_positions,
      bos: config.bos_token_id ?? null
    },
    normEpsilon: config.layer_norm_epsilon ?? 1e-5,
    activation,
    scoreScale: config.scale_attn_by_inverse_layer_idx === true ? (layer) => scale / (layer + 1) : () => scale
  }
  return description
})

const weights = Effect.fn("gpt2.weights")(function* ({ info }: ModelDescription, reader: ParameterReader) {
  const { dModel: d, dMlp } = info
  // `GPT2Model` checkpoints lack the prefix that `GPT2LMHeadModel` gives.
  const prefix = reader.has("transformer.wte.weight") ? "transformer." : ""
  const norm = Effect.fnUntraced(function* (name: string) {
    const weight = yield* reader.read<Rank.R1>(`${prefix}${name}.weight`, [d])
    return { weight, bias: yield* reader.read<Rank.R1>(`${prefix}${name}.bias`, [d]) }
  })
  const linear = Effect.fnUntraced(function* (name: string, inputs: number, outputs: number) {
    const weight = yield* reader.read<Rank.R2>(`${prefix}${name}.weight`, [inputs, outputs])
    return { weight, bias: yield* reader.read<Rank.R1>(`${prefix}${name}.bias`, [outputs]) }
  })
  const embedding = yield* reader.read<Rank.R2>(`${prefix}wte.weight`, [info.vocabulary, d])
  const positions = yield* reader.read<Rank.R2>(`${prefix}wpe.weight`, [info.context, d])
  const blocks: Array<BlockWeights> = []
  for (let l = 0; l < info.layers; l++) {
    blocks.push({
      attentionNorm: yield* norm(`h.${l}.ln_1`),
      qkv: yield* linear(`h.${l}.attn.c_attn`, d, 3 * d),
      attentionOut: yield* linear(`h.${l}.attn.c_proj`, d, d),
      mlpNorm: yield* norm(`h.${l}.ln_2`),
      mlpIn: yield* linear(`h.${l}.mlp.c_fc`, d, dMlp),
      mlpOut: yield* linear(`h.${l}.mlp.c_proj`, dMlp, d)
    })
  }
  const finalNorm = yield* norm("ln_f")
  const unembedding = reader.has("lm_head.weight")
    ? yield* reader.read<Rank.R2>("lm_head.weight", [info.vocabulary, d])
    : embedding
  return { embedding, positions, blocks, finalNorm, unembedding }
})

export const gpt2: Architecture = { name: "gpt2", describe, weights }
