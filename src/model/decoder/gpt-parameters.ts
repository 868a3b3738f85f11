/**
 * Where GPT-2 and the models that kept its layout store their tensors: learned positions, two layer norms a block, and
 * a prefix that `...LMHeadModel` checkpoints have and bare ones lack. How a linear layer is stored is each model's own.
 */
import type { ModelInfo } from "./model-info.ts"
import { matrix, vector } from "../blocks/parameter-source.ts"
import type { BlockParameters, LinearParameters, ModelParameters, NormParameters } from "../blocks/weights.ts"

export interface GptLayout {
  /** The layer stored under `name`, which has the prefix already. */
  readonly linear: (name: string, inputs: number, outputs: number) => LinearParameters
  /** @param block name of the block, such as `transformer.h.3` */
  readonly qkv: (block: string) => LinearParameters
  /** Name of attention's output layer within a block. */
  readonly attentionOut: string
}

/** @param tied whether the unembedding is the embedding */
export const gptParameters = (
  info: ModelInfo,
  tied: boolean,
  has: (name: string) => boolean,
  { linear, qkv, attentionOut }: GptLayout
): ModelParameters => {
  const { dModel: d, dMlp } = info
  const prefix = has("transformer.wte.weight") ? "transformer." : ""
  const norm = (name: string): NormParameters => ({
    weight: vector(`${name}.weight`, d),
    bias: vector(`${name}.bias`, d)
  })
  const block = (name: string): BlockParameters => ({
    attentionNorm: norm(`${name}.ln_1`),
    qkv: qkv(name),
    queryNorm: undefined,
    keyNorm: undefined,
    attentionOut: linear(`${name}.${attentionOut}`, d, d),
    attentionPostNorm: undefined,
    mlpNorm: norm(`${name}.ln_2`),
    mlpIn: linear(`${name}.mlp.c_fc`, d, dMlp),
    mlpUp: undefined,
    mlpOut: linear(`${name}.mlp.c_proj`, dMlp, d),
    mlpPostNorm: undefined
  })
  const embedding = matrix(`${prefix}wte.weight`, info.vocabulary, d)
  return {
    embedding,
    positions: matrix(`${prefix}wpe.weight`, info.context, d),
    blocks: Array.from({ length: info.layers }, (_, l) => block(`${prefix}h.${l}`)),
    finalNorm: norm(`${prefix}ln_f`),
    unembedding: tied ? embedding : matrix("lm_head.weight", info.vocabulary, d)
  }
}
