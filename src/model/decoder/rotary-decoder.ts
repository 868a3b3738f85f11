/**
 * What Llama and the models after it share: RMS normalisation, rotary positions, grouped keys and values, a gated MLP, and
 * the names of their fields in config.json and of their tensors. A family says in which of these it differs.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { ModelArchitecture, BlockDescription, ModelConfig, ModelDescription } from "./architecture.ts"
import type { ActivationFunction } from "../blocks/activation-function.ts"
import { attention, type AttentionOptions } from "../blocks/attention-part.ts"
import type { NormDescription } from "../blocks/norm.ts"
import type { Checkpoint, Part } from "../blocks/part.ts"
import { configProblem, decodeConfig, findActivation, refuseFields } from "./config-schema.ts"
import type { ModelError } from "./model-error.ts"
import { blockFacts } from "./model-info.ts"
import { matrix, vector } from "../blocks/parameter-source.ts"
import { contextStretch } from "./rotary-parameters.ts"
import {
  checkHeads,
  checkLayerTypes,
  headCounts,
  ignoredShare,
  type Rope,
  RotaryConfig,
  rotaryFor,
  singleRope
} from "./rotary-config.ts"
import { type AttentionLayout, gatedMlp, separate } from "./rotary-layout.ts"
import type { Rotary } from "../blocks/rotary.ts"
import type { BlockParameters, NormParameters } from "../blocks/weights.ts"

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

/** In the order of the pass. */
const normPlaces = [
  ["attentionNorm", "ln1"],
  ["attentionPostNorm", "ln1_post"],
  ["mlpNorm", "ln2"],
  ["mlpPostNorm", "ln2_post"]
] as const

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

const positiveCap = (field: string, cap: number | undefined): Effect.Effect<number | undefined, ModelError> =>
  cap === undefined || cap > 0 ? Effect.succeed(cap) : Effect.fail(configProblem(`${field} ${cap} is not positive`))

/** With a head, without one, and inside a model that sees images too. */
const prefixes = ["model.", "", "language_model.model.", "model.language_model."]
const heads = ["lm_head.weight", "language_model.lm_head.weight"]

/** The architecture of a family. */
export const rotaryDecoder = <Own>(family: RotaryDecoderFamily<Own>): ModelArchitecture => {
  const { norms = normsBefore, normalizes } = family
  const norm = (name: string, size: number): NormParameters => ({
    weight: { ...vector(`${name}.weight`, size), ...(family.scalesLessOne === true ? { plus: 1 } : {}) },
    bias: undefined
  })

  const describe = Effect.fn(`${family.name}.describe`)(function* (given: ModelConfig) {
    const json = { ...family.defaults, ...given }
    const shared = yield* decodeConfig(family.name, RotaryConfig, json)
    const config: RotaryConfig & Own = { ...shared, ...(yield* decodeConfig(family.name, family.fields, json)) }
    yield* refuseFields(json, family.refuses ?? {})
    yield* checkLayerTypes(config, family.layerTypes ?? ["full_attention", "sliding_attention"])
    const common = yield* headCounts(config)
    const { n_key_value_heads, d_head } = common
    const { hidden_size: d_model, num_hidden_layers: layers } = config
    const context = config.max_position_embeddings
    const ownNorm = { kind: "rms", epsilon: config.rms_norm_eps ?? 1e-6 } as const
    const activation = yield* findActivation(
      ...(family.activation?.(config) ?? ["hidden_act", config.hidden_act ?? "silu"])
    )
    const layout = family.layout?.(config) ?? separate()

    const warnings = (family.ignores ?? [])
      .filter((field) => (json[field] ?? null) !== null)
      .map(
        (field) =>
          `${field} ${JSON.stringify(json[field])} of config.json is not looked at, as in the reference library`
      )

    // Layers that are turned alike share their tables.
    const rotaries = new Map<string, Rotary>()
    let stretch = 1
    const rotaryOnce = Effect.fnUntraced(function* (rope: Rope, width: number) {
      const key = JSON.stringify([rope, width])
      const found = rotaries.get(key)
      if (found !== undefined) return found
      const facts = {
        d_head: width,
        context,
        share: config.partial_rotary_factor ?? 1,
        partial: family.partial === true
      }
      const rotary = yield* rotaryFor(rope, facts)
      rotaries.set(key, rotary)
      const share = ignoredShare(rope, facts)
      const ignored = `partial_rotary_factor ${String(share)} of config.json is not looked at: whole heads are turned, as in the reference library`
      if (share !== undefined && !warnings.includes(ignored)) warnings.push(ignored)
      stretch = Math.max(stretch, contextStretch(rope.fields))
      return rotary
    })

    const attentionOf = Effect.fnUntraced(function* (layer: number) {
      const own =
        family.attention?.(config, layer, { d_head, activation }) ?? plainAttention(d_head, singleRope(config))
      if ("locate" in own) return own
      if ("reason" in own) return yield* own
      const { rope, window, scoreScale } = own
      const counts = { ...common, ...own.counts }
      yield* checkHeads(counts)
      if (window === null) return yield* configProblem("there are sliding_attention layers, but no sliding_window")
      if (!(scoreScale > 0 && Number.isFinite(scoreScale))) {
        return yield* configProblem(`scores cannot be multiplied with ${scoreScale}`)
      }
      yield* positiveCap("attn_logit_softcapping", own.scoreCap)
      const rotary = rope === undefined ? undefined : yield* rotaryOnce(rope, counts.d_head)
      return attention({ ...own, ...counts, window, rotary, norm: ownNorm, normalizes }, ({ name }) => {
        const at = (text: string): string => name(`layers.${layer}.self_attn.${text}`)
        const headNorm = (text: string, count: number) =>
          normalizes === undefined ? undefined : norm(at(text), (normalizes === "all" ? count : 1) * counts.d_head)
        const computes = own.shared?.computes !== false
        return {
          sinks: undefined,
          ...layout(at, { d_model, ...counts, keys: computes, values: computes && own.values !== "keys" }),
          queryNorm: headNorm("q_norm", counts.heads),
          keyNorm: computes ? headNorm("k_norm", counts.n_key_value_heads) : undefined
        }
      })
    })

    const blocks: Array<BlockDescription> = []
    for (let layer = 0; layer < layers; layer++) {
      const mlp =
        family.mlp?.({ config, layer, activation }) ??
        gatedMlp(layer, { d_model, d_mlp: config.intermediate_size }, activation)
      if (!("locate" in mlp)) return yield* mlp
      const after = family.after?.({ config, layer, activation, norm: ownNorm })
      if (after !== undefined && "reason" in after) return yield* after
      blocks.push({ attention: yield* attentionOf(layer), mlp, ...(after === undefined ? {} : { after }) })
    }

    const parameters = ({ name }: Checkpoint) => {
      const block = (l: number): BlockParameters => {
        const own = (text: string | undefined) =>
          text === undefined ? undefined : norm(name(`layers.${l}.${text}`), d_model)
        return {
          attentionNorm: own(norms.attentionNorm),
          attentionPostNorm: own(norms.attentionPostNorm),
          mlpNorm: own(norms.mlpNorm),
          mlpPostNorm: own(norms.mlpPostNorm),
          ...(family.blockScale === undefined ? {} : { scale: vector(name(`layers.${l}.${family.blockScale}`), 1) })
        }
      }
      return {
        embedding: matrix(name("embed_tokens.weight"), config.vocab_size, d_model),
        positions: undefined,
        blocks: Array.from({ length: layers }, (_, l) => block(l)),
        finalNorm: norm(name("norm"), d_model)
      }
    }

    const description: ModelDescription = {
      info: {
        architecture: family.name,
        n_layers: layers,
        d_model,
        n_heads: common.heads,
        n_key_value_heads,
        d_head,
        parallel: false,
        d_vocab: config.vocab_size,
        n_ctx: Math.trunc(context * stretch),
        bos: config.bos_token_id ?? null,
        ...blockFacts(
          blocks,
          normPlaces.flatMap(([name, place]) => (norms[name] === undefined ? [] : [place]))
        )
      },
      norm: ownNorm,
      embeddingScale: 1,
      residualScale: 1,
      logitScale: 1,
      ...family.scales?.(config),
      logitCap: yield* positiveCap("final_logit_softcapping", family.logitCap?.(config)),
      blocks,
      embedding: "embed_tokens.weight",
      prefixes,
      tied: config.tie_word_embeddings === true,
      heads,
      warnings,
      needless: (layer, name) => family.needless?.(config, layer, name) === true,
      parameters
    }
    return description
  })
  const fields = [...Object.keys(RotaryConfig.fields), ...Object.keys(family.fields.fields)]
  const unread = family.unread ?? (family.attention === undefined ? ["sliding_window", "layer_types"] : [])
  const others = [...(family.ignores ?? []), ...Object.keys(family.refuses ?? {})]
  return { reads: [...fields.filter((field) => !unread.includes(field)), ...others], describe }
}
