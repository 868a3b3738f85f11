/** Which patterns make up a latent's explanation: those that together tell best where it fires in the training text. */
import type { PositionIndex, TokenStream } from "./token-stream.ts"
import { textStart } from "./token-stream.ts"
import type { TokenPattern } from "./token-trie.ts"
import { matchesPattern, wildcard } from "./token-trie.ts"

export interface MeasuredPattern extends TokenPattern {
  /** Training positions that it matches, ascending. */
  readonly positions: Int32Array<ArrayBuffer>
  /** Share of them on which the latent fires; 0 without a match. */
  readonly precision: number
}

/** @param firing Training positions where the latent fires. */
export const measurePattern = (
  stream: TokenStream,
  index: PositionIndex,
  firing: ReadonlySet<number>,
  pattern: TokenPattern
): MeasuredPattern => {
  const pivot = pattern.steps[0] as number
  const candidates = pivot === wildcard ? index.positions : index.withToken(pivot)
  const positions = candidates.filter((position) =>
    matchesPattern(pattern.steps, stream.ids, position, textStart(stream, position))
  )
  const hits = positions.reduce((sum, position) => sum + (firing.has(position) ? 1 : 0), 0)
  return { ...pattern, positions, precision: positions.length === 0 ? 0 : hits / positions.length }
}

const compareSteps = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
  }
  return a.length - b.length
}

/**
 * Adds patterns from the most precise to the least, and keeps the beginning of that order whose F1 on the training
 * text is best: a pattern that mostly matches where the latent is silent costs more than it brings. Patterns that add
 * no position are left out.
 */
export const selectPatterns = (
  patterns: Iterable<MeasuredPattern>,
  firing: ReadonlySet<number>
): ReadonlyArray<MeasuredPattern> => {
  const order = [...patterns].toSorted(
    (a, b) => b.precision - a.precision || b.positions.length - a.positions.length || compareSteps(a.steps, b.steps)
  )
  const predicted = new Set<number>()
  const chosen: Array<MeasuredPattern> = []
  let hits = 0
  let best = { f1: 0, size: 0 }
  for (const pattern of order) {
    const before = predicted.size
    for (const position of pattern.positions) {
      if (predicted.has(position)) continue
      predicted.add(position)
      if (firing.has(position)) hits++
    }
    if (predicted.size === before) continue
    chosen.push(pattern)
    const f1 = (2 * hits) / (predicted.size + firing.size)
    if (f1 > best.f1) best = { f1, size: chosen.length }
  }
  return chosen.slice(0, best.size)
}
