/**
 * `builtin:speller-text`: what activations are captured from. Held-out running text, of which the model has seen
 * nothing, and about 30 % first-letter lists over words that it has drilled. Any prefix has both in that proportion.
 */
import * as Rng from "../random/rng.ts"
import { listPrompt } from "./list-prompts.ts"
import type { SpellerCorpus } from "./speller-corpus.ts"
import type { TextTokenizer } from "./tokenizer.ts"

const listShare = 0.3
const orderSeed = 0

/** Longest piece of running text that is one document: pieces and lists alternate finely enough for a small capture. */
const pieceTokens = 2032

export interface NamedIds {
  readonly name: string
  readonly ids: Int32Array
}

/**
 * @param tokensPerList tokens of one list; a context without its BOS, so that a list fills a context
 * @returns documents until the held-out text is used up
 */
export const spellerText = function* (
  { heldOut, words, roles }: SpellerCorpus,
  tokenizer: TextTokenizer,
  tokensPerList: number
): Generator<NamedIds> {
  const drilled = words.filter((word) => roles.get(word) === "drilled")
  // A line is 8 tokens for the model's own tokenizer; others need no more lines than one per 4 tokens.
  const lines = Math.min(drilled.length, Math.ceil(tokensPerList / 4))
  let text = 0
  let listed = 0
  let list = 0
  for (const d of Rng.make(orderSeed, "order of held-out text").permutation(heldOut.length)) {
    const document = heldOut[d]
    if (document === undefined) continue
    const ids = tokenizer.encode(document.text)
    for (let start = 0; start < ids.length; start += pieceTokens) {
      const piece = ids.slice(start, start + pieceTokens)
      yield { name: `${document.name}#${start / pieceTokens}`, ids: piece }
      text += piece.length
      while (listed < (listShare / (1 - listShare)) * text) {
        const { name, text: prompt } = listPrompt(drilled, lines, list++, orderSeed)
        const listIds = tokenizer.encode(prompt).slice(0, tokensPerList)
        yield { name, ids: listIds }
        listed += listIds.length
      }
    }
  }
}
