/** Pairs of prompts between which latents are swapped: to change one attribute, and to leave the others as they are. */
import type { Rng } from "../../random/rng.ts"
import type { EntityPrompt } from "./entity-prompts.ts"

/** A prompt that the model answers right, with the first token of its answer. */
export interface KnownPrompt extends EntityPrompt {
  /** Place of its row among the rows of all prompts. */
  readonly row: number
  readonly first: number
}

export interface EntityPair {
  readonly base: KnownPrompt
  readonly source: KnownPrompt
  /** Whether the answer should become the source's, or stay the base's. */
  readonly cause: boolean
}

/** What comes next where the swap does what it should. */
export const wanted = ({ base, source, cause }: EntityPair): KnownPrompt => (cause ? source : base)

const drawn = (prompts: ReadonlyArray<KnownPrompt>, count: number, cause: boolean, rng: Rng): Array<EntityPair> => {
  const pairs: Array<EntityPair> = []
  let order: ArrayLike<number> = []
  for (let n = 0; n < count; n++) {
    if (n % prompts.length === 0) order = rng.permutation(prompts.length)
    const base = prompts[order[n % prompts.length]!]!
    const others = prompts.filter(({ label }) => label !== base.label)
    pairs.push({ base, source: others[rng.int(others.length)]!, cause })
  }
  return pairs
}

/**
 * Pairs that ask for the attribute (cause) and as many that ask for the others in turn (isolation); within each the two answers differ.
 *
 * @param count of each kind
 */
export const drawPairs = (
  known: ReadonlyArray<KnownPrompt>,
  attributes: ReadonlyArray<string>,
  attribute: string,
  count: number,
  rng: Rng
): ReadonlyArray<EntityPair> => {
  const of = (name: string) => known.filter((prompt) => prompt.attribute === name)
  const others = attributes.filter((name) => name !== attribute)
  const isolation = others.flatMap((name, n) => drawn(of(name), Math.floor((count + n) / others.length), false, rng))
  const all = [...drawn(of(attribute), count, true, rng), ...isolation]
  return Array.from(rng.permutation(all.length), (n) => all[n]!)
}
