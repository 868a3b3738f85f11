/**
 * Typed stage parameters. A `Param` is a schema with the words that `pipeline stages KIND`, the JSON Schema and the
 * error messages need. One without a default must be given in `with`.
 */
import * as Schema from "effect/Schema"

export interface Param<out A> {
  readonly schema: Schema.Codec<A, unknown>
  /** For people: "integer", "one of topk, batch_topk", ... */
  readonly type: string
  readonly description: string
  readonly unit?: string
  /** Which of the kind's variants it is of, where not of all: `pipeline stages KIND` puts those of one group together. */
  readonly group?: string
  /** Absent: the parameter is required. */
  readonly default?: A
  /** False: it is no part of the stage's key, since it changes how long the work takes and no bit of the result. */
  readonly inKey?: false
}

export type Params = Readonly<Record<string, Param<unknown>>>

export type ParamValue<P> = P extends Param<infer A> ? A : never
export type ParamValues<P extends Params> = {
  readonly [K in keyof P]: ParamValue<P[K]>
}

interface Words {
  readonly description: string
  readonly unit?: string
  readonly inKey?: false
}
/** `default: null` makes a parameter that may be left out, with the meaning that its description gives. */
interface WithDefault<A> extends Words {
  readonly default?: A
}
interface Bounds {
  readonly minimum?: number
  /** In place of `minimum` where the bound itself is no value: a learning rate is above 0. */
  readonly above?: number
  readonly maximum?: number
}

const words = ({ description, unit, inKey }: Words): Words => ({
  description,
  ...(unit === undefined ? {} : { unit }),
  ...(inKey === undefined ? {} : { inKey })
})

const nullable = <A>(
  schema: Schema.Codec<A, unknown>,
  type: string,
  options: WithDefault<A | null>
): Param<A | null> => {
  const orNull = options.default === null
  const given: unknown = options.default
  // A run without `with` would compute with what a file may not say.
  if (given !== undefined && given !== null && !Schema.is(schema)(given)) {
    throw new TypeError(`the default ${JSON.stringify(given)} is not what the parameter takes: ${type}`)
  }
  return {
    schema: (orNull ? Schema.NullOr(schema as Schema.Codec<A, A>) : schema) as Schema.Codec<A | null, unknown>,
    type: orNull ? `${type} or null` : type,
    ...words(options),
    ...(options.default === undefined ? {} : { default: options.default })
  }
}

const bounded = (
  schema: Schema.Codec<number, number>,
  { minimum, above, maximum }: Bounds
): Schema.Codec<number, number> => {
  let result: Schema.Codec<number, number> = schema
  if (minimum !== undefined) result = result.check(Schema.isGreaterThanOrEqualTo(minimum)) as never
  if (above !== undefined) result = result.check(Schema.isGreaterThan(above)) as never
  if (maximum !== undefined) result = result.check(Schema.isLessThanOrEqualTo(maximum)) as never
  return result
}
/** `number from 0 to 1`, `integer >= 1`, `number > 0`. */
const range = (type: string, { minimum, above, maximum }: Bounds): string => {
  if (minimum !== undefined && maximum !== undefined) return `${type} from ${minimum} to ${maximum}`
  const bounds = [
    ...(minimum === undefined ? [] : [`>= ${minimum}`]),
    ...(above === undefined ? [] : [`> ${above}`]),
    ...(maximum === undefined ? [] : [`<= ${maximum}`])
  ]
  return bounds.length === 0 ? type : `${type} ${bounds.join(" and ")}`
}

/** An option that is none is an error where it is written: a bound by a wrong name would bound nothing. */
type Known<O, Options> = O & { readonly [K in Exclude<keyof O, keyof Options>]: never }
type NumberOptions = WithDefault<number | null> & Bounds

/** `A | null` only where the default is null. */
type OrNull<A, O> = O extends { readonly default: null } ? A | null : A

/**
 * A whole number, within `minimum` (or above `above`) and `maximum` where they are given.
 *
 * @example
 * ```ts
 * import { Param } from "sae-pipeline/stage"
 *
 * const k = Param.integer({ description: "active latents a row", unit: "latents", default: null, minimum: 1 })
 * k.type // => "integer >= 1 or null"
 * ```
 */
export const integer = <const O extends NumberOptions>(options: Known<O, NumberOptions>): Param<OrNull<number, O>> =>
  nullable(bounded(Schema.Int, options), range("integer", options), options) as Param<OrNull<number, O>>

/** A finite number, bounded as a whole one is. */
export const number = <const O extends NumberOptions>(options: Known<O, NumberOptions>): Param<OrNull<number, O>> =>
  nullable(bounded(Schema.Finite, options), range("number", options), options) as Param<OrNull<number, O>>

/** Any text. */
export const string = <const O extends WithDefault<string | null>>(options: O): Param<OrNull<string, O>> =>
  nullable(Schema.String, "string", options) as Param<OrNull<string, O>>

/** True or false. */
export const boolean = <const O extends WithDefault<boolean | null>>(options: O): Param<OrNull<boolean, O>> =>
  nullable(Schema.Boolean, "true or false", options) as Param<OrNull<boolean, O>>

/**
 * One of some words.
 *
 * @example
 * ```ts
 * import { Param } from "sae-pipeline/stage"
 *
 * const mode = Param.choice(["mean", "zero"], { description: "what takes the place of a latent", default: "mean" })
 * mode.type // => "one of mean, zero"
 * ```
 */
export const choice = <const L extends string, const O extends WithDefault<NoInfer<L> | null>>(
  choices: ReadonlyArray<L>,
  options: O
): Param<OrNull<L, O>> =>
  nullable(Schema.Literals(choices) as unknown as Schema.Codec<L, L>, `one of ${choices.join(", ")}`, options) as Param<
    OrNull<L, O>
  >

/** A list of what another parameter is: `Param.list(Param.string({ description: "a hook" }), { ... })`. */
export const list = <A, const O extends WithDefault<ReadonlyArray<NoInfer<A>> | null>>(
  item: Param<A>,
  options: O
): Param<OrNull<ReadonlyArray<A>, O>> =>
  nullable(
    Schema.Array(item.schema as Schema.Codec<A, A>) as unknown as Schema.Codec<ReadonlyArray<A>, unknown>,
    `list of ${item.type}`,
    options
  ) as Param<OrNull<ReadonlyArray<A>, O>>

/** A map from names to JSON values: only for what is open by nature, such as the values of a `command`. */
export const record = (
  options: WithDefault<Readonly<Record<string, Schema.Json>>>
): Param<Readonly<Record<string, Schema.Json>>> =>
  nullable(
    Schema.Record(Schema.String, Schema.Json) as unknown as Schema.Codec<
      Readonly<Record<string, Schema.Json>>,
      unknown
    >,
    "map",
    options
  ) as Param<Readonly<Record<string, Schema.Json>>>
