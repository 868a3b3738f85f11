/** In what a family of models with rotary positions differs from Llama; `rotary-decoder.ts` makes an architecture of it. */
import * as Schema from "effect/Schema"
import type { ModelDescription } from "./architecture.ts"
import type { ActivationFunction } from "../blocks/activation-function.ts"
import type { AttentionOptions } from "../blocks/attention-part.ts"
import type { NormDescription } from "../blocks/norm.ts"
import type { Part } from "../blocks/part.ts"
import type { ModelError } from "./model-error.ts"
import type { Rope, RotaryConfig } from "./rotary-config.ts"
import type { AttentionLayout } from "./rotary-layout.ts"
import type { BlockParameters } from "../blocks/weights.ts"

/** What attention is like in one layer. */
export interface LayerAttention extends Pick<
  AttentionOptions,
  "scoreScale" | "scoreCap" | "queryScale" | "gated" | "bidirectional" | "normalizesValues" | "values" | "shared"
> {
  /** Where the layer differs from others. */
  readonly counts?: Partial<Pick<AttentionOptions, "n_key_value_heads" | "d_head">>
  /** Positions that a query sees; undefined: all before it, null: as many as config.json does not say. */
  readonly window?: number | null | undefined
  /** undefined: queries and keys are not turned. */
  readonly rope: Rope | undefined
}

/** Names of a block's normalisations; those that a family does not have are not there. */
export type NormNames = Partial<Readonly<Record<keyof BlockParameters, string>>>

export const normsBefore: NormNames = { attentionNorm: "input_layernorm", mlpNorm: "post_attention_layernorm" }

export const normsAfter: NormNames = {
  attentionPostNorm: "post_attention_layernorm",
  mlpPostNorm: "post_feedforward_layernorm"
}

export const normsAround: NormNames = { ...normsAfter, ...normsBefore, mlpNorm: "pre_feedforward_layernorm" }

/** What attention, or what stands in its place, is made of, beside the configuration. */
export interface AttentionInputs {
  readonly d_head: number
  readonly activation: ActivationFunction
}

/** What an MLP, or what stands in its place, is made of. */
export interface MlpInputs<Config> {
  readonly config: Config
  readonly layer: number
  readonly activation: ActivationFunction
}

/** In what a family differs; `Own` are the fields of config.json that the others do not have. */
export interface RotaryDecoderFamily<Own> {
  /** `model_type` */
  readonly name: string
  readonly fields: Schema.Codec<Own, unknown> & { readonly fields: Readonly<Record<string, unknown>> }
  /** The library's own values for fields that config.json leaves out. */
  readonly defaults: Readonly<Record<string, unknown>>
  /** Field and name of the activation function. @default hidden_act, silu where it is absent */
  readonly activation?: (config: RotaryConfig & Own) => readonly [field: string, name: string]
  /** @default normsBefore */
  readonly norms?: NormNames
  /** Scales of normalisations are stored less 1. @default false */
  readonly scalesLessOne?: boolean
  /** Types that `layer_types` may hold. @default full_attention and sliding_attention */
  readonly layerTypes?: ReadonlyArray<string>
  /** Attention of a layer, or what stands in its place. @default it sees everything before it, turned as `singleRope` says */
  readonly attention?: (
    config: RotaryConfig & Own,
    layer: number,
    inputs: AttentionInputs
  ) => LayerAttention | Part | ModelError
  /** How projections are stored. @default apart, without biases */
  readonly layout?: (config: RotaryConfig & Own) => AttentionLayout
  /** Queries and keys are normalised: each head, or all heads together. @default not at all */
  readonly normalizes?: AttentionOptions["normalizes"]
  /** @default a gated one of three matrices */
  readonly mlp?: (inputs: MlpInputs<RotaryConfig & Own>) => Part | ModelError
  /** What is added to the residual stream after the MLP. @default nothing */
  readonly after?: (
    inputs: MlpInputs<RotaryConfig & Own> & { readonly norm: NormDescription }
  ) => Part | ModelError | undefined
  /** Tensors of a layer that checkpoints carry and the model does not use. @default none */
  readonly needless?: (config: RotaryConfig & Own, layer: number, name: string) => boolean
  /** Name of the number that the residual stream is multiplied with at a block's end. @default none */
  readonly blockScale?: string
  /** What the model multiplies with. @default 1 */
  readonly scales?: (
    config: RotaryConfig & Own
  ) => Partial<Pick<ModelDescription, "embeddingScale" | "residualScale" | "logitScale">>
  readonly logitCap?: (config: RotaryConfig & Own) => number | undefined
  /** Whether a part of each head may be turned (`partial_rotary_factor`). @default false */
  readonly partial?: boolean
  /**
   * Fields that the others have and this family does not look at. @default none; sliding_window and layer_types, where
   * `attention` is not given
   */
  readonly unread?: ReadonlyArray<string>
  /** Fields that the library has and its models do not look at: people are warned of them. */
  readonly ignores?: ReadonlyArray<string>
  /** Fields of config.json that are refused unless their value is accepted. */
  readonly refuses?: Readonly<Record<string, (value: unknown) => boolean>>
}

/** Of a family that has none of its own. */
export const noFields = Schema.Struct({})

/** What attention of a layer is where nothing is said: scores are divided by sqrt(d_head). */
export const plainAttention = (d_head: number, rope: Rope | undefined, window?: number | null): LayerAttention => ({
  scoreScale: 1 / Math.sqrt(d_head),
  rope,
  window
})
