/** Facts of a text: contexts of a BOS, a name of several tokens, what asks, and the answer. Others are refused by name. */
import * as Effect from "effect/Effect"
import type { TokensHandle } from "../../kinds/tokens/tokens-handle.ts"
import { stageFailed } from "../../stage/stage-failed.ts"

export interface RecallFacts {
  /** Facts, each once, in the order of the text. */
  readonly count: number
  /** Tokens before the answer: BOS, name, what asks. */
  readonly time: number
  /** [count * time] */
  readonly ids: Int32Array
  /** Place of the name's last token. */
  readonly name: number
  /** Tokens that are answers, ascending. */
  readonly attributes: ReadonlyArray<number>
  /** By fact: place of its answer in `attributes`. */
  readonly answers: Uint8Array
}

/** Answers that can be told apart. */
const mostAnswers = 255

const step = 4096

/** @param most facts, the first ones */
export const readFacts = Effect.fn("readFacts")(function* (tokens: TokensHandle, nameTokens: number, most: number) {
  const { contexts, context_size: size, bos_id: bos } = tokens
  const refuse = (problem: string, remedy: string) => stageFailed(problem, remedy)
  if (bos === null || size < nameTokens + 3) {
    return yield* refuse(
      `contexts of ${size} tokens ${bos === null ? "without a BOS " : ""}hold no name of ${nameTokens} tokens with a question and an answer`,
      `Give contexts of a BOS, ${nameTokens} tokens of a name, one or more that ask, and the answer (make-facts).`
    )
  }
  const time = size - 1
  const known = new Map<string, number>()
  const rows: Array<Int32Array> = []
  const last: Array<number> = []
  for (let first = 0; first < contexts && rows.length < most; first += step) {
    const { ids, count } = yield* tokens.read(first, step)
    for (let c = 0; c < count && rows.length < most; c++) {
      const row = ids.subarray(c * size, (c + 1) * size)
      if (row[0] !== bos) {
        return yield* refuse(`context ${first + c + 1} does not begin with the BOS`, "Give one fact a context.")
      }
      const asked = row.subarray(0, time).join(" ")
      const answer = row[time] as number
      const before = known.get(asked)
      if (before === answer) continue
      if (before !== undefined) {
        return yield* refuse(`"${asked}" (ids) has the answers ${before} and ${answer}`, "Give every name one answer.")
      }
      known.set(asked, answer)
      rows.push(row.slice(0, time))
      last.push(answer)
    }
  }
  const attributes = [...new Set(last)].toSorted((a, b) => a - b)
  if (attributes.length < 2 || attributes.length > mostAnswers || rows.length < 20) {
    return yield* refuse(
      `${rows.length} facts with ${attributes.length} answers are nothing to tell apart`,
      `Give at least 20 facts, with 2 to ${mostAnswers} answers.`
    )
  }
  const all = new Int32Array(rows.length * time)
  for (const [i, row] of rows.entries()) all.set(row, i * time)
  const facts: RecallFacts = {
    count: rows.length,
    time,
    ids: all,
    name: nameTokens,
    attributes,
    answers: Uint8Array.from(last, (answer) => attributes.indexOf(answer))
  }
  return facts
})
