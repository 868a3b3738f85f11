/** Fields of config.json that Llama and the models after it share, and what several of them mean by these. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  configProblem,
  contextSize,
  headWidth,
  layerCount,
  optional,
  positive,
  vocabularySize,
  width
} from "./config-schema.ts"
import type { ModelError } from "./model-error.ts"
import { rotaryOf } from "./rotary-parameters.ts"
import type { Rotary } from "../blocks/rotary.ts"

const Fields = Schema.Record(Schema.String, Schema.Unknown)

/** For some fields, null and absence mean different things: both are kept. */
export const RotaryConfig = Schema.Struct({
  vocab_size: vocabularySize,
  hidden_size: width,
  intermediate_size: width,
  num_hidden_layers: layerCount,
  num_attention_heads: positive,
  num_key_value_heads: optional(positive),
  head_dim: optional(width),
  hidden_act: optional(Schema.String),
  max_position_embeddings: contextSize,
  rms_norm_eps: optional(Schema.Finite),
  tie_word_embeddings: optional(Schema.Boolean),
  rope_theta: optional(Schema.Finite),
  rope_scaling: optional(Fields),
  rope_parameters: optional(Fields),
  partial_rotary_factor: optional(Schema.Finite),
  layer_types: optional(Schema.Array(Schema.String)),
  sliding_window: optional(positive),
  bos_token_id: optional(Schema.Int)
})
export type RotaryConfig = typeof RotaryConfig.Type

/** Parameters of a rotation, and the base where those do not name it. */
export interface Rope {
  readonly fields: Readonly<Record<string, unknown>>
  readonly base: number
}

/** rope_scaling, where there is one, stands for rope_parameters; `rope_theta` may stand beside either. */
export const singleRope = (config: RotaryConfig, base = 10_000): Rope => {
  const scaling = config.rope_scaling ?? undefined
  const fields = scaling !== undefined && Object.keys(scaling).length > 0 ? scaling : (config.rope_parameters ?? {})
  return { fields, base: config.rope_theta ?? base }
}

const isFields = (value: unknown): value is Rope["fields"] =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A rotation for each kind of layer, as `rope_parameters` names them; `rope_scaling` is that of layers that see everything. */
export const ropeOf = (
  config: RotaryConfig,
  type: string,
  bases: { readonly full_attention: number; readonly sliding_attention: number }
): Rope => {
  const named = config.rope_parameters?.[type]
  const own = isFields(named) ? named : {}
  return type === "sliding_attention"
    ? { fields: own, base: bases.sliding_attention }
    : { fields: { ...own, ...config.rope_scaling }, base: bases.full_attention }
}

/** Window of a type of layers: undefined where they see everything, null where config.json does not say how much. */
export const windowOf = (config: RotaryConfig, type: string): number | null | undefined =>
  type === "sliding_attention" ? (config.sliding_window ?? null) : undefined

/** Of a layer of a Mistral or Ministral: where `layer_types` does not say, all layers have one unless its size is null. */
export const windowAt = (config: RotaryConfig, layer: number): number | null | undefined =>
  windowOf(
    config,
    config.layer_types?.[layer] ?? (config.sliding_window == null ? "full_attention" : "sliding_attention")
  )

const typeOf = (fields: Rope["fields"]): unknown => fields["rope_type"] ?? fields["type"] ?? "default"

export interface RotaryFacts {
  readonly d_head: number
  readonly context: number
  /** Share of a head that is turned, where the rotation's own parameters do not say. */
  readonly share: number
  /** Whether the family turns a part of a head at all. */
  readonly partial: boolean
}

/** The share that parameters of a family ask for, which the library does not look at, since it turns whole heads. */
export const ignoredShare = ({ fields }: Rope, { partial, share }: RotaryFacts): unknown => {
  const asked = fields["partial_rotary_factor"] ?? share
  return partial || typeOf(fields) !== "default" || asked === 1 ? undefined : asked
}

/** The rotation of a head's first share, where the family knows that, or of the whole of it. */
export const rotaryFor = ({ fields, base }: Rope, facts: RotaryFacts): Effect.Effect<Rotary, ModelError> => {
  const { d_head, context, partial } = facts
  const share = fields["partial_rotary_factor"] ?? facts.share
  if (!(typeof share === "number" && share > 0 && share <= 1)) {
    return Effect.fail(configProblem(`partial_rotary_factor ${JSON.stringify(share)} is not above 0 and at most 1`))
  }
  const type = typeOf(fields)
  if (!partial && share !== 1 && type !== "default" && type !== "proportional") {
    const asked = `partial_rotary_factor ${share} with rope_type ${JSON.stringify(type)}`
    return Effect.fail(configProblem(`${asked} is not implemented: models of this kind turn whole heads`))
  }
  const dims = partial && type !== "proportional" ? Math.trunc(d_head * share) : d_head
  const own = { ...fields, partial_rotary_factor: share }
  const rotary = rotaryOf(own, Number(fields["rope_theta"] ?? base), { dims, context })
  return typeof rotary === "string" ? Effect.fail(configProblem(rotary)) : Effect.succeed(rotary)
}

/** Fails where `layer_types` does not fit the number of layers, or names a type that the family does not have. */
export const checkLayerTypes = (
  { layer_types: types, num_hidden_layers: layers }: RotaryConfig,
  known: ReadonlyArray<string>
): Effect.Effect<void, ModelError> => {
  if (types === undefined || types === null) return Effect.void
  const other = types.find((type) => !known.includes(type))
  if (other !== undefined) return Effect.fail(configProblem(`layer_types: ${other} is not implemented`))
  return types.length === layers
    ? Effect.void
    : Effect.fail(configProblem(`layer_types has ${types.length} entries, num_hidden_layers is ${layers}`))
}

/** Query heads share keys and values evenly. */
export const checkHeads = (counts: { readonly heads: number; readonly n_key_value_heads: number }) =>
  counts.heads % counts.n_key_value_heads === 0
    ? Effect.void
    : Effect.fail(
        configProblem(
          `num_attention_heads ${counts.heads} is no multiple of num_key_value_heads ${counts.n_key_value_heads}`
        )
      )

/** Query heads, key and value heads (null: as many), and the width of each (null: what hidden_size leaves). */
export const headCounts = Effect.fnUntraced(function* (config: RotaryConfig) {
  const heads = config.num_attention_heads
  const d_head = config.head_dim ?? (yield* headWidth("hidden_size", config.hidden_size, "num_attention_heads", heads))
  return { heads, n_key_value_heads: config.num_key_value_heads ?? heads, d_head }
})
