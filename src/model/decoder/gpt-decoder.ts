/**
 * GPT-2 and the models that kept its layout: learned positions, two layer norms a block, and a prefix that `...LMHeadModel`
 * checkpoints have and bare ones lack. How a linear layer is stored, and where a query may look, is each model's own.
 */
import type { ModelDescription } from "./architecture.ts"
import type { ActivationFunction } from "../blocks/activation-function.ts"
import { attention, type AttentionOptions } from "../blocks/attention-part.ts"
import { mlp } from "../blocks/mlp-part.ts"
import { matrix, vector } from "../blocks/parameter-source.ts"
import type { BlockParameters, LinearParameters, NormParameters } from "../blocks/weights.ts"
import { blockFacts, type ModelInfo } from "./model-info.ts"

export interface GptDecoder {
  readonly info: Omit<ModelInfo, "n_key_value_heads" | "d_mlp" | "parallel" | "points">
  readonly d_mlp: number
  readonly activation: ActivationFunction
  readonly epsilon: number
  /** Whether the unembedding is the embedding. */
  readonly tied: boolean
  readonly attention: (layer: number) => Pick<AttentionOptions, "scoreScale" | "window">
  /** The layer stored under `name`. */
  readonly linear: (name: string, inputs: number, outputs: number) => LinearParameters
  /** @param block name of the block, such as `transformer.h.3` */
  readonly qkv: (block: string) => LinearParameters
  /** Name of attention's output layer within a block. */
  readonly attentionOut: string
}

export const gptDecoder = (model: GptDecoder): ModelDescription => {
  const { d_mlp, linear, qkv, epsilon } = model
  const { n_layers: layers, d_model: d, n_heads: heads, d_head, d_vocab: vocabulary, n_ctx: context } = model.info
  const norm = { kind: "layer", epsilon } as const
  const normAt = (name: string): NormParameters => ({
    weight: vector(`${name}.weight`, d),
    bias: vector(`${name}.bias`, d)
  })
  const blocks = Array.from({ length: layers }, (_, l) => ({
    attention: attention({ ...model.attention(l), heads, n_key_value_heads: heads, d_head, norm }, ({ name }) => ({
      qkv: qkv(name(`h.${l}`)),
      queryNorm: undefined,
      keyNorm: undefined,
      out: linear(name(`h.${l}.${model.attentionOut}`), d, d),
      sinks: undefined
    })),
    mlp: mlp(d_mlp, model.activation, ({ name }) => ({
      in: linear(name(`h.${l}.mlp.c_fc`), d, d_mlp),
      up: undefined,
      out: linear(name(`h.${l}.mlp.c_proj`), d_mlp, d)
    }))
  }))
  return {
    info: { ...model.info, n_key_value_heads: heads, parallel: false, ...blockFacts(blocks, ["ln1", "ln2"]) },
    norm,
    embeddingScale: 1,
    residualScale: 1,
    logitScale: 1,
    logitCap: undefined,
    blocks,
    embedding: "wte.weight",
    prefixes: ["", "transformer."],
    tied: model.tied,
    heads: ["lm_head.weight"],
    warnings: [],
    parameters: ({ name }) => {
      const block = (l: number): BlockParameters => ({
        attentionNorm: normAt(name(`h.${l}.ln_1`)),
        attentionPostNorm: undefined,
        mlpNorm: normAt(name(`h.${l}.ln_2`)),
        mlpPostNorm: undefined
      })
      return {
        embedding: matrix(name("wte.weight"), vocabulary, d),
        positions: matrix(name("wpe.weight"), context, d),
        blocks: Array.from({ length: layers }, (_, l) => block(l)),
        finalNorm: normAt(name("ln_f"))
      }
    }
  }
}
