/** Rows of activations with the answers to questions about their tokens: as many of each as probes want, and no others. */
import * as Effect from "effect/Effect"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { RowSet } from "../../kinds/activations/row-set.ts"
import type { RowQuestion } from "../../kinds/probing/row-question.ts"
import type { DocumentNames } from "../../kinds/tokens/document-names.ts"
import type { Rng } from "../../random/rng.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import type { StreamingTokenizer } from "../../text/tokenizer.ts"
import { answerOf, type PlacedToken } from "./row-questions.ts"

/** Tokens whose text a question sees. */
const tokensBefore = 12

export interface QuestionRows {
  /** [rows, d_in] */
  readonly x: Float32Array
  /** Document of each row. */
  readonly document: ReadonlyArray<number>
  /** Whether each row is held out. */
  readonly heldOut: ReadonlyArray<boolean>
  /** By question, of each row; undefined: not asked. */
  readonly answers: ReadonlyArray<ReadonlyArray<boolean | undefined>>
}

/** A context, or several of them in a row. */
export interface TokenRun {
  readonly ids: Int32Array
  readonly documents: Int32Array
}

/** @param at index in the run; @param place index in its context */
export const placedToken = (
  tokenizer: StreamingTokenizer,
  names: DocumentNames | undefined,
  { ids, documents }: TokenRun,
  at: number,
  place: number
): PlacedToken => {
  const document = documents[at]!
  let start = at
  while (at - start < Math.min(place, tokensBefore) && documents[start - 1] === document) start--
  return { text: tokenizer.decode(ids.subarray(start, at + 1)), document: names?.at(document) ?? "", place }
}

/** Of the first `most` rows of a set: the token, in its place. */
const placedTokens = Effect.fnUntraced(function* (
  { contexts }: ActivationsHandle,
  set: RowSet,
  tokenizer: StreamingTokenizer,
  most: number
) {
  const names = yield* contexts.documentNames
  const size = contexts.context_size
  const found: Array<PlacedToken & { readonly number: number }> = []
  for (let b = 0; b < set.batches && found.length < most; b++) {
    const { position, document } = yield* set.readBatch(b)
    const first = Math.floor(position[0]! / size)
    const block = yield* contexts.read(first, Math.floor(position.at(-1)! / size) - first + 1)
    for (let r = 0; r < position.length && found.length < most; r++) {
      const token = placedToken(tokenizer, names, block, position[r]! - first * size, position[r]! % size)
      found.push({ ...token, number: document[r]! })
    }
  }
  return found
})

/** Up to `most` rows of each answer of each question, all of them in order. */
const chosenRows = (
  answers: ReadonlyArray<ReadonlyArray<boolean | undefined>>,
  rows: number,
  most: number,
  rng: Rng
): ReadonlyArray<number> => {
  const order = Array.from(rng.permutation(rows))
  const chosen = answers.flatMap((own) =>
    [true, false].flatMap((wanted) => order.filter((row) => own[row] === wanted).slice(0, most))
  )
  return [...new Set(chosen)].toSorted((a, b) => a - b)
}

/**
 * @param rows of each set that are looked at, from its first
 * @param most rows of each answer that a probe is fitted to, or tested on
 */
export const questionRows = Effect.fnUntraced(function* (
  activations: ActivationsHandle,
  questions: ReadonlyArray<RowQuestion>,
  tokenizer: StreamingTokenizer,
  { rows, most, rng }: { readonly rows: number; readonly most: number; readonly rng: Rng }
) {
  if (activations.order.by === "shuffle") {
    return yield* stageFailed(
      "the activations are shuffled, and tasks are about text in its order",
      "Give those that were shuffled."
    )
  }
  const { train, held_out } = yield* openActivations(activations)
  const parts = yield* Effect.forEach([train, held_out], (set, heldOut) =>
    Effect.gen(function* () {
      const tokens = yield* placedTokens(activations, set, tokenizer, rows)
      const answers = questions.map((question) => tokens.map(answerOf(question)))
      const chosen = chosenRows(answers, tokens.length, most, rng)
      const x = new Float32Array(chosen.length * activations.d_in)
      for (let b = 0, next = 0; next < chosen.length; b++) {
        const { first, rows: count, activation } = yield* set.readBatch(b)
        for (; next < chosen.length && chosen[next]! < first + count; next++) {
          const at = (chosen[next]! - first) * activations.d_in
          x.set(activation.subarray(at, at + activations.d_in), next * activations.d_in)
        }
      }
      return { x, heldOut: heldOut === 1, answers, chosen, document: chosen.map((row) => tokens[row]!.number) }
    })
  )
  const x = new Float32Array(parts.reduce((sum, part) => sum + part.x.length, 0))
  for (const [i, part] of parts.entries()) x.set(part.x, i === 0 ? 0 : parts[0]!.x.length)
  const found: QuestionRows = {
    x,
    document: parts.flatMap(({ document }) => document),
    heldOut: parts.flatMap(({ chosen, heldOut }) => chosen.map(() => heldOut)),
    answers: questions.map((_, q) => parts.flatMap(({ answers, chosen }) => chosen.map((row) => answers[q]![row])))
  }
  return found
})
