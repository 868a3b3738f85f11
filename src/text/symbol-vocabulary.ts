/**
 * A vocabulary of symbols that are no text, such as the moves of a game: symbol i of the list has id i. As a tokenizer it
 * takes symbols apart at white space, so that everything which reads a tokenizer.json reads it too.
 */
import { createHash } from "node:crypto"
import * as Result from "effect/Result"
import type { Decoded } from "../stage/param-problem.ts"

const refused = (at: string, problem: string): Decoded<never> =>
  Result.fail([{ param: `vocabulary${at}`, problem, remedy: "list every symbol once" }])

export interface SymbolVocabulary {
  readonly size: number
  readonly id: (symbol: string) => number | undefined
  /** Text of a tokenizer.json. */
  readonly json: string
  /** Its sha256. */
  readonly digest: string
}

/** A symbol that is not in it has no id, and is refused by whoever reads the tokenizer.json. */
export const symbolVocabulary = (symbols: ReadonlyArray<string>): Decoded<SymbolVocabulary> => {
  const ids = new Map<string, number>()
  for (const [id, symbol] of symbols.entries()) {
    if (symbol === "" || /\s/u.test(symbol))
      return refused(`[${id}]`, `symbol ${id}, ${JSON.stringify(symbol)}, is empty or has white space`)
    if (ids.has(symbol)) return refused(`[${id}]`, `symbol ${symbol} stands in it twice`)
    ids.set(symbol, id)
  }
  if (ids.size === 0) return refused("", "it has no symbols")
  const json = `${JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [],
    normalizer: null,
    pre_tokenizer: { type: "WhitespaceSplit" },
    post_processor: null,
    decoder: null,
    model: { type: "WordLevel", vocab: Object.fromEntries(ids), unk_token: "<unk>" }
  })}\n`
  const digest = createHash("sha256").update(json).digest("hex")
  return Result.succeed({ size: ids.size, id: (symbol) => ids.get(symbol), json, digest })
}
