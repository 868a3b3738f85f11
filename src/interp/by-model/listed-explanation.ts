/** Explanations without a language model: the tokens themselves. What a model says in their place has to tell more. */
import type { TokenText } from "./example-text.ts"

/** Undefined where there is nothing to list; texts that differ in space and case alone are one. */
export const listedExplanation = (
  tokens: ReadonlyArray<number>,
  count: number,
  text: TokenText
): string | undefined => {
  const words = new Map<string, string>()
  for (const token of tokens) {
    const word = text(token).trim()
    if (word !== "" && !words.has(word.toLowerCase())) words.set(word.toLowerCase(), word)
  }
  const listed = [...words.values()].slice(0, count).map((word) => JSON.stringify(word))
  if (listed.length === 0) return undefined
  return `the ${listed.length === 1 ? "word" : "words"} ${listed.join(", ")}`
}
