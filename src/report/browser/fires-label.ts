/** What the page calls a latent without an explanation, which would be scored: what stands in its examples, and what it promotes. */

import { tokenName } from "./token-name.ts"

/** Tokens that a label names. */
const firesNamed = 5
const promotesNamed = 3

type Texts = Readonly<Record<string, string>>

const quoted = (tokens: ReadonlyArray<number>, texts: Texts, most: number): string =>
  tokens
    .slice(0, most)
    .map((token) => JSON.stringify(tokenName(texts, token)))
    .join(", ")

/**
 * @param fires distinct tokens that it fires on, strongest first
 * @param promotes tokens, most promoted first
 */
export const firesLabel = (fires: ReadonlyArray<number>, promotes: ReadonlyArray<number>, texts: Texts): string => {
  const on = `fires on ${quoted(fires, texts, firesNamed)}`
  return promotes.length === 0 ? on : `${on}; promotes ${quoted(promotes, texts, promotesNamed)}`
}
