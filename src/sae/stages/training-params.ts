/**
 * Parameters of the stage kinds that train: those of every run, the options that all architectures share, and those that
 * some have, as they stand in their files. Null leaves an option to the preset or to the architecture's default.
 */
import * as Schema from "effect/Schema"
import * as Param from "../../stage/param.ts"
import { architectures } from "../architectures.ts"
import { sharedOptions } from "../settings/shared-options.ts"

type Option = Param.Param<unknown>

const allNames = [...architectures.keys()]

const distinct = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]

/** What stands for null, by the architectures for which it does. */
const defaultsOf = (name: string, option: Option): string => {
  const of = new Map<string, Array<string>>()
  for (const { name: architecture, options, defaults } of architectures.values()) {
    if (name in sharedOptions || name in options) {
      const { default: own } = options[name] ?? option
      const value = (defaults as Readonly<Record<string, unknown>> | undefined)?.[name] ?? own
      if (value === undefined || value === null) continue
      const text = Array.isArray(value) ? value.join(", ") : String(value)
      of.set(text, [...(of.get(text) ?? []), architecture])
    }
  }
  const [first, ...others] = [...of].toSorted(([, a], [, b]) => b.length - a.length)
  if (first === undefined) return ""
  return `; null: ${[first[0], ...others.map(([text, names]) => `${text} for ${names.join(" and ")}`)].join(", ")}`
}

/** One parameter from what the architectures `names` call by this name. */
const parameter = (name: string, options: ReadonlyArray<readonly [string, Option]>): Param.Param<unknown> => {
  const given = options.map(([, option]) => option)
  const [first] = given as [Option]
  const types = distinct(given.map(({ type }) => type.replace(/ or null$/, "")))
  const schemas = distinct(given.map(({ schema }) => schema))
  const texts = distinct(given.map(({ description }) => description)).map((description) => {
    const of = options.filter(([, option]) => option.description === description).map(([architecture]) => architecture)
    return name in sharedOptions ? description : `${of.join(", ")}: ${description}`
  })
  const units = distinct(given.map(({ unit }) => unit))
  return {
    schema: Schema.NullOr(schemas.length === 1 ? first.schema : Schema.Union(schemas)),
    type: `${types.join(" or ")} or null`,
    description: `${texts.join("; ")}${defaultsOf(name, first)}`,
    ...(name in sharedOptions ? {} : { group: options.map(([architecture]) => architecture).join(", ") }),
    ...(units.length === 1 && units[0] !== undefined ? { unit: units[0] } : {}),
    ...(given.every(({ inKey }) => inKey === false) ? { inKey: false } : {}),
    default: null
  }
}

const parametersOf = (options: ReadonlyArray<readonly [name: string, architecture: string, Option]>) => {
  const byName = new Map<string, Array<readonly [string, Option]>>()
  for (const [name, architecture, option] of options) {
    byName.set(name, [...(byName.get(name) ?? []), [architecture, option]])
  }
  return Object.fromEntries([...byName].map(([name, of]) => [name, parameter(name, of)]))
}

const ownParams = parametersOf(
  [...architectures].flatMap(([architecture, { options }]) =>
    Object.entries(options).map(([name, option]) => [name, architecture, option] as const)
  )
)

const presets = distinct([...architectures.values()].flatMap((architecture) => Object.keys(architecture.presets)))

export const trainingParams = {
  architecture: Param.choice(allNames, {
    default: "batch_topk",
    description: [...architectures.values()].map(({ name, summary }) => `${name}: ${summary}`).join("; ")
  }),
  preset: Param.choice(["none", ...presets.toSorted()], {
    default: "none",
    description: "published settings for the architecture; parameters that are not null go before it"
  }),
  d_sae: Param.integer({ minimum: 1, description: "latents in the dictionary", unit: "latents" }),
  steps: Param.integer({ default: 1500, minimum: 1, description: "training steps", unit: "steps" }),
  seed: Param.integer({ default: 0, description: "seed of first weights and of the order of rows" }),
  ...(ownParams as {}),
  ...(parametersOf(Object.entries(sharedOptions).map(([name, option]) => [name, "", option])) as {})
}

/** Headline metrics of the same stage kinds. */
export const trainingMetrics = {
  explained_variance: {
    better: "higher",
    tolerance: 0.01,
    description: "on training batches, at the end of training (see evaluate-sae for held-out rows)"
  },
  l0: { better: "lower", tolerance: 0.5, description: "active latents a row, at the end of training" },
  loss: { better: "lower", tolerance: 0.01, description: "training loss, at the end of training" },
  dead_fraction: { better: "lower", tolerance: 0.02, description: "share of latents that count as dead at the end" }
} as const
