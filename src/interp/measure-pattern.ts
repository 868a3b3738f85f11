/** How often a pattern matches in a text, and how often the latent fires where it does. */
import type { PositionIndex, TokenStream } from "./token-stream.ts"
import { textStart } from "./token-stream.ts"
import { matchesPattern, wildcard } from "./token-trie.ts"

export interface PatternMeasure {
  readonly matches: number
  /** Share of the matches on which the latent fires; 0 without a match. */
  readonly precision: number
}

/** @param firing Positions where the latent fires. */
export const measurePattern = (
  stream: TokenStream,
  index: PositionIndex,
  firing: ReadonlySet<number>,
  steps: ReadonlyArray<number>
): PatternMeasure => {
  const pivot = steps[0] as number
  let matches = 0
  let hits = 0
  for (const position of pivot === wildcard ? index.positions : index.withToken(pivot)) {
    if (!matchesPattern(steps, stream.ids, position, textStart(stream, position))) continue
    matches++
    if (firing.has(position)) hits++
  }
  return { matches, precision: matches === 0 ? 0 : hits / matches }
}
