/**
 * The explanation that looks at nothing but the token: a latent fires on these tokens. What a pattern says beyond it is of the context.
 *
 * Why it stands beside every score: SAEs of a model with random weights have latents of single tokens, which token patterns
 * explain better than what a trained model computes (Heap et al. 2501.17727: scores of explanations do not tell trained
 * transformers from random ones).
 */
import type { PositionIndex, TokenStream } from "./token-stream.ts"

/** The tokens of the largest F1 on these rows: those with the largest shares of firing rows, as many as make it largest. */
export const firingTokens = (stream: TokenStream, index: PositionIndex, firing: Int32Array): ReadonlyArray<number> => {
  const fired = new Map<number, number>()
  for (const position of firing) {
    const token = stream.ids[position] as number
    fired.set(token, (fired.get(token) ?? 0) + 1)
  }
  const tokens = [...fired]
    .map(([token, hits]) => ({ token, hits, rows: index.withToken(token).length }))
    .toSorted((a, b) => b.hits / b.rows - a.hits / a.rows || a.token - b.token)
  let [hits, rows, best, count] = [0, 0, 0, 0]
  for (const [n, each] of tokens.entries()) {
    hits += each.hits
    rows += each.rows
    const f1 = (2 * hits) / (rows + firing.length)
    if (f1 > best) [best, count] = [f1, n + 1]
  }
  return tokens.slice(0, count).map(({ token }) => token)
}

/** Positions with one of the tokens, ascending. */
export const tokenPositions = (index: PositionIndex, tokens: ReadonlyArray<number>): Int32Array<ArrayBuffer> =>
  Int32Array.from(tokens.flatMap((token) => [...index.withToken(token)])).toSorted()
