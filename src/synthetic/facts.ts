/**
 * Facts that only memory gives: people of two names, each with an attribute drawn by chance, so that neither name tells it and
 * no two people have to do with each other (Nanda et al., "Fact finding", 2023: athletes and their sports).
 */
import * as Result from "effect/Result"
import * as Rng from "../random/rng.ts"
import type { Decoded } from "../stage/param-problem.ts"

export const beginning = "<start>"
const relation = "plays"

export interface FactsOptions {
  /** "FIRST LAST" each; undefined: drawn. */
  readonly names: ReadonlyArray<string> | null
  readonly people: number
  readonly first_names: number
  readonly last_names: number
  readonly attributes: ReadonlyArray<string>
  readonly seed: number
}

export interface Facts {
  readonly symbols: ReadonlyArray<string>
  /** Ids of a context each: beginning, first name, last name, relation, attribute. */
  readonly contexts: ReadonlyArray<ReadonlyArray<number>>
}

const refused = (param: string, problem: string, remedy: string): Decoded<never> =>
  Result.fail([{ param, problem, remedy }])

const drawn = (
  { people, first_names, last_names }: FactsOptions,
  rng: Rng.Rng
): ReadonlyArray<readonly [string, string]> =>
  [...rng.permutation(first_names * last_names)]
    .slice(0, people)
    .map((pair) => [`first${Math.floor(pair / last_names)}`, `last${pair % last_names}`] as const)

export const makeFacts = (options: FactsOptions): Decoded<Facts> => {
  const { names, people, first_names, last_names, attributes } = options
  const rng = Rng.make(options.seed, "facts")
  if (attributes.length < 2 || new Set(attributes).size < attributes.length) {
    return refused("attributes", "there are fewer than two attributes, or one stands there twice", "Give several.")
  }
  if (names === null && people > first_names * last_names) {
    const pairs = first_names * last_names
    return refused("people", `${people} people want as many pairs of names, there are ${pairs}`, "Give more names.")
  }
  const pairs = (names ?? []).map((name) => name.trim().split(/\s+/u).filter(Boolean))
  const problems = pairs.flatMap((words, i) =>
    words.length === 2
      ? []
      : [
          {
            param: `names[${i}]`,
            problem: `"${names![i]}" has ${words.length === 1 ? "1 token" : `${words.length} tokens`}, a name has two: FIRST LAST`,
            remedy: "Take it out."
          }
        ]
  )
  if (problems.length > 0) return Result.fail(problems)
  const all = names === null ? drawn(options, rng) : pairs.map(([first, last]) => [first!, last!] as const)
  const twice = all.map((pair) => pair.join(" ")).find((name, i, list) => list.indexOf(name) !== i)
  if (twice !== undefined) return refused("names", `"${twice}" stands there twice`, "Give each person once.")
  if (all.length < 20) {
    return refused(names === null ? "people" : "names", `${all.length} people are too few`, "Give at least 20.")
  }
  const ids = new Map<string, number>()
  const id = (symbol: string): number => ids.get(symbol) ?? ids.set(symbol, ids.size).size - 1
  id(beginning)
  for (const attribute of attributes) id(attribute)
  id(relation)
  const contexts = all.map(([first, last]) => [
    id(beginning),
    // A word may be a first name of one and the last name of another: its place says which.
    id(first),
    id(last),
    id(relation),
    id(attributes[rng.int(attributes.length)] as string)
  ])
  return Result.succeed({ symbols: [...ids.keys()], contexts })
}
