/** Which firings of a latent are explained next: those that the patterns found so far do not predict. */
import type { Rng } from "../random/rng.ts"
import type { Firing } from "./prune-context.ts"
import type { Firings } from "./firings.ts"
import type { TokenStream } from "./token-stream.ts"
import { textStart } from "./token-stream.ts"
import type { TokenTrie } from "./token-trie.ts"
import { predictActivation } from "./token-trie.ts"

/** Two firings with the same last tokens teach the same thing. */
const lastTokens = 3

const endOf = (stream: TokenStream, position: number): string =>
  stream.ids.subarray(Math.max(textStart(stream, position), position - lastTokens + 1), position + 1).join(" ")

/** At most `count` positions in the order given, no two with the same last tokens. */
export const distinctEnds = (
  stream: TokenStream,
  positions: Iterable<number>,
  count: number
): ReadonlyArray<number> => {
  const seen = new Set<string>()
  const chosen: Array<number> = []
  for (const position of positions) {
    if (chosen.length === count) break
    const end = endOf(stream, position)
    if (seen.has(end)) continue
    seen.add(end)
    chosen.push(position)
  }
  return chosen
}

export interface ChooseOptions {
  readonly count: number
  /** Activations from here up count as firing. */
  readonly threshold: number
  /** The strongest ones first, instead of random ones. */
  readonly strongest: boolean
}

/**
 * @param trie What is known already: a position where it predicts at least `predicted` is not chosen.
 * @param predicted Share of the maximum.
 */
export const chooseFirings = (
  stream: TokenStream,
  latent: number,
  firings: Firings,
  trie: TokenTrie,
  predicted: number,
  rng: Rng,
  { count, threshold, strongest }: ChooseOptions
): ReadonlyArray<Firing> => {
  const { positions, values } = firings
  const uncovered: Array<number> = []
  for (const [i, position] of positions.entries()) {
    if ((values[i] as number) < threshold) continue
    if (predictActivation(trie, stream.ids, position, textStart(stream, position)) < predicted) uncovered.push(i)
  }
  const order = strongest
    ? uncovered.toSorted((a, b) => (values[b] as number) - (values[a] as number) || a - b)
    : Array.from(rng.permutation(uncovered.length), (i) => uncovered[i] as number)
  const byPosition = new Map(order.map((i) => [positions[i] as number, values[i] as number]))
  return distinctEnds(stream, byPosition.keys(), count).map((position) => ({
    latent,
    position,
    activation: byPosition.get(position) as number
  }))
}
