/** Simulated activations of texts, held against the true ones. */
import * as Effect from "effect/Effect"
import type { ChatModel } from "../../chat/chat-model.ts"
import { listForm } from "../../chat/list-form.ts"
import type { SimulatedScore } from "../../kinds/explanations.ts"
import type { ActivatingExample } from "../../kinds/interpretations.ts"
import { pearson, spearman } from "../../numeric/correlation.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import type { TokenText } from "./example-text.ts"
import { featureLine } from "./feature-line.ts"
import { readSimulation, simulatePrompt, strengthTexts } from "./simulate-prompt.ts"

/** Tokens of an answer beside those of its numbers. */
const answerLength = 500

/** @param unread called for every answer that could not be read */
export const simulateTexts = Effect.fnUntraced(function* (
  chat: ChatModel,
  explanation: string,
  tests: ReadonlyArray<ActivatingExample>,
  { text, unread }: { readonly text: TokenText; readonly unread: () => void }
): Effect.fn.Return<SimulatedScore | null, StageFailed> {
  const [said, truth] = [new Array<number>(), new Array<number>()]
  for (const example of tests) {
    const tokens = example.tokens.map(text)
    const messages = simulatePrompt(explanation, tokens)
    const answer = yield* chat.ask({
      messages,
      maxTokens: answerLength + 8 * tokens.length,
      alternatives: true,
      form: listForm(tokens.length, strengthTexts),
      shared: featureLine(explanation)
    })
    const strengths = readSimulation(answer, tokens.length)
    if (strengths === undefined) {
      unread()
      continue
    }
    said.push(...strengths)
    truth.push(...example.activations)
  }
  const [linear, ranked] = [pearson(said, truth), spearman(said, truth)]
  // An explanation by which nothing ever fires tells nothing: correlation 0, where the truth varies.
  if (linear === undefined || ranked === undefined) {
    return new Set(truth).size > 1 ? { pearson: 0, spearman: 0, tokens: truth.length } : null
  }
  return { pearson: linear, spearman: ranked, tokens: truth.length }
})
