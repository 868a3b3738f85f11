/** What the configurations of all architectures have in common: reading them, and refusing what is not implemented. */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { schemaFault } from "../../json/schema-fault.ts"
import type { ModelConfig } from "./architecture.ts"
import { type ActivationFunction, activationFunction, activationFunctionNames } from "../blocks/activation-function.ts"
import { ModelError } from "./model-error.ts"

export const positive = Schema.Int.check(Schema.isGreaterThan(0))

/** Absent and null both mean: the architecture's own default. */
export const optional = <A, I>(schema: Schema.Codec<A, I>) => Schema.optionalKey(Schema.NullOr(schema))

/** Larger models than exist, so that a damaged number is refused before anything of that size is made. */
const limits = { layers: 10_000, width: 1_000_000, vocabulary: 10_000_000, context: 100_000_000 }

const upTo = (limit: number) => positive.check(Schema.isLessThanOrEqualTo(limit))
export const layerCount = upTo(limits.layers)
export const width = upTo(limits.width)
export const vocabularySize = upTo(limits.vocabulary)
export const contextSize = upTo(limits.context)

export const configProblem = (problem: string, remedy?: string): ModelError =>
  new ModelError({
    reason: "config",
    problem: `config.json: ${problem}`,
    ...(remedy === undefined ? {} : { remedy })
  })

export const decodeConfig = <A, I>(
  name: string,
  schema: Schema.Codec<A, I>,
  config: ModelConfig
): Effect.Effect<A, ModelError> =>
  Schema.decodeUnknownEffect(schema)(config, { errors: "all" }).pipe(
    Effect.mapError(
      (error) => new ModelError({ reason: "config", problem: `config.json of a ${name} model: ${schemaFault(error)}` })
    )
  )

export const findActivation = (field: string, name: string): Effect.Effect<ActivationFunction, ModelError> => {
  const found = activationFunction(name)
  return found === undefined
    ? Effect.fail(
        configProblem(`${field} ${name} is not implemented`, `Implemented are ${activationFunctionNames.join(", ")}.`)
      )
    : Effect.succeed(found)
}

/**
 * Fails for the first field that asks for other mathematics than is implemented.
 *
 * @param fields by name, what makes it acceptable; an absent field and null always are
 */
export const refuseFields = (
  config: ModelConfig,
  fields: Readonly<Record<string, (value: unknown) => boolean>>
): Effect.Effect<void, ModelError> => {
  for (const [field, accepts] of Object.entries(fields)) {
    const value = config[field]
    if (value === undefined || value === null || accepts(value)) continue
    return Effect.fail(configProblem(`${field} ${JSON.stringify(value)} is not implemented`))
  }
  return Effect.void
}

/** Width of each head, or the reason why there is none. */
export const headWidth = (
  widthField: string,
  total: number,
  headsField: string,
  heads: number
): Effect.Effect<number, ModelError> =>
  total % heads === 0
    ? Effect.succeed(total / heads)
    : Effect.fail(configProblem(`${widthField} ${total} is no multiple of ${headsField} ${heads}`))
