/**
 * What Llama and the models after it share: RMS normalisation, rotary positions, grouped keys and values, a gated MLP, and
 * the names of their fields in config.json and of their tensors. A family says in which of these it differs.
 */
import * as Effect from "effect/Effect"
import type { ModelArchitecture, BlockDescription, ModelConfig, ModelDescription } from "./architecture.ts"
import type { ActivationFunction } from "../blocks/activation-function.ts"
import { attention } from "../blocks/attention-part.ts"
import type { NormDescription } from "../blocks/norm.ts"
import type { Checkpoint } from "../blocks/part.ts"
import { configProblem, decodeConfig, findActivation, refuseFields } from "./config-schema.ts"
import type { ModelError } from "./model-error.ts"
import { blockFacts } from "./model-info.ts"
import { matrix, vector } from "../blocks/parameter-source.ts"
import { checkHeads, checkLayerTypes, headCounts, RotaryConfig, singleRope } from "./rotary-config.ts"
import { normsBefore, plainAttention, type RotaryDecoderFamily } from "./rotary-family.ts"
import { gatedMlp, separate } from "./rotary-layout.ts"
import { type SharedRotaries, sharedRotaries } from "./shared-rotaries.ts"
import type { BlockParameters, NormParameters } from "../blocks/weights.ts"

/** In the order of the pass. */
const normPlaces = [
  ["attentionNorm", "ln1"],
  ["attentionPostNorm", "ln1_post"],
  ["mlpNorm", "ln2"],
  ["mlpPostNorm", "ln2_post"]
] as const

const positiveCap = (field: string, cap: number | undefined): Effect.Effect<number | undefined, ModelError> =>
  cap === undefined || cap > 0 ? Effect.succeed(cap) : Effect.fail(configProblem(`${field} ${cap} is not positive`))

/** With a head, without one, and inside a model that sees images too. */
const prefixes = ["model.", "", "language_model.model.", "model.language_model."]
const heads = ["lm_head.weight", "language_model.lm_head.weight"]

type NormOf = (name: string, size: number) => NormParameters

/** Parameters of a normalisation, by its name in the checkpoint. */
const normOf =
  <Own>({ scalesLessOne = false }: RotaryDecoderFamily<Own>): NormOf =>
  (name, size) => ({
    weight: { ...vector(`${name}.weight`, size), ...(scalesLessOne ? { plus: 1 } : {}) },
    bias: undefined
  })

/** What the layers of one model share. */
interface Shared<Own> {
  readonly family: RotaryDecoderFamily<Own>
  readonly config: RotaryConfig & Own
  readonly counts: Effect.Success<ReturnType<typeof headCounts>>
  readonly activation: ActivationFunction
  readonly norm: NormDescription
  readonly rotaries: SharedRotaries
}

const attentionOf = Effect.fnUntraced(function* <Own>(
  { family, config, counts: common, activation, norm: ownNorm, rotaries }: Shared<Own>,
  layer: number
) {
  const { normalizes } = family
  const { d_head } = common
  const own = family.attention?.(config, layer, { d_head, activation }) ?? plainAttention(d_head, singleRope(config))
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
  const rotary = rope === undefined ? undefined : yield* rotaries.of(rope, counts.d_head)
  const norm = normOf(family)
  const layout = family.layout?.(config) ?? separate()
  return attention({ ...own, ...counts, window, rotary, norm: ownNorm, normalizes }, ({ name }) => {
    const at = (text: string): string => name(`layers.${layer}.self_attn.${text}`)
    const headNorm = (text: string, count: number) =>
      normalizes === undefined ? undefined : norm(at(text), (normalizes === "all" ? count : 1) * counts.d_head)
    const computes = own.shared?.computes !== false
    return {
      sinks: undefined,
      ...layout(at, {
        d_model: config.hidden_size,
        ...counts,
        keys: computes,
        values: computes && own.values !== "keys"
      }),
      queryNorm: headNorm("q_norm", counts.heads),
      keyNorm: computes ? headNorm("k_norm", counts.n_key_value_heads) : undefined
    }
  })
})

const blockOf = Effect.fnUntraced(function* <Own>(shared: Shared<Own>, layer: number) {
  const { family, config, activation, norm } = shared
  const mlp =
    family.mlp?.({ config, layer, activation }) ??
    gatedMlp(layer, { d_model: config.hidden_size, d_mlp: config.intermediate_size }, activation)
  if (!("locate" in mlp)) return yield* mlp
  const after = family.after?.({ config, layer, activation, norm })
  if (after !== undefined && "reason" in after) return yield* after
  const block: BlockDescription = {
    attention: yield* attentionOf(shared, layer),
    mlp,
    ...(after === undefined ? {} : { after })
  }
  return block
})

/** Where the tensors of a checkpoint are that are of no part of a block. */
const parametersOf =
  <Own>(family: RotaryDecoderFamily<Own>, config: RotaryConfig): ModelDescription["parameters"] =>
  ({ name }: Checkpoint) => {
    const { hidden_size: d_model, num_hidden_layers: layers } = config
    const { norms = normsBefore } = family
    const norm = normOf(family)
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

/** The architecture of a family. */
export const rotaryDecoder = <Own>(family: RotaryDecoderFamily<Own>): ModelArchitecture => {
  const { norms = normsBefore } = family

  const describe = Effect.fn(`${family.name}.describe`)(function* (given: ModelConfig) {
    const json = { ...family.defaults, ...given }
    const base = yield* decodeConfig(family.name, RotaryConfig, json)
    const config: RotaryConfig & Own = { ...base, ...(yield* decodeConfig(family.name, family.fields, json)) }
    yield* refuseFields(json, family.refuses ?? {})
    yield* checkLayerTypes(config, family.layerTypes ?? ["full_attention", "sliding_attention"])
    const counts = yield* headCounts(config)
    const activation = yield* findActivation(
      ...(family.activation?.(config) ?? ["hidden_act", config.hidden_act ?? "silu"])
    )
    const norm = { kind: "rms", epsilon: config.rms_norm_eps ?? 1e-6 } as const
    const rotaries = sharedRotaries(config, family.partial === true)
    const ignored = (family.ignores ?? [])
      .filter((field) => (json[field] ?? null) !== null)
      .map(
        (field) =>
          `${field} ${JSON.stringify(json[field])} of config.json is not looked at, as in the reference library`
      )
    const blocks: Array<BlockDescription> = []
    for (let layer = 0; layer < config.num_hidden_layers; layer++) {
      blocks.push(yield* blockOf({ family, config, counts, activation, norm, rotaries }, layer))
    }
    const description: ModelDescription = {
      info: {
        architecture: family.name,
        n_layers: config.num_hidden_layers,
        d_model: config.hidden_size,
        n_heads: counts.heads,
        n_key_value_heads: counts.n_key_value_heads,
        d_head: counts.d_head,
        parallel: false,
        d_vocab: config.vocab_size,
        n_ctx: Math.trunc(config.max_position_embeddings * rotaries.stretch()),
        bos: config.bos_token_id ?? null,
        ...blockFacts(
          blocks,
          normPlaces.flatMap(([name, place]) => (norms[name] === undefined ? [] : [place]))
        )
      },
      norm,
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
      warnings: [...ignored, ...rotaries.warnings()],
      needless: (layer, name) => family.needless?.(config, layer, name) === true,
      parameters: parametersOf(family, config)
    }
    return description
  })
  const fields = [...Object.keys(RotaryConfig.fields), ...Object.keys(family.fields.fields)]
  const unread = family.unread ?? (family.attention === undefined ? ["sliding_window", "layer_types"] : [])
  const others = [...(family.ignores ?? []), ...Object.keys(family.refuses ?? {})]
  return { reads: [...fields.filter((field) => !unread.includes(field)), ...others], describe }
}
