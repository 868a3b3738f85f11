/** A language model that says yes or no to texts, and how surely. */
import * as Effect from "effect/Effect"
import type { AnswerToken, ChatAnswer, ChatModel } from "../../chat/chat-model.ts"
import { listForm } from "../../chat/list-form.ts"
import type { JudgedScore } from "../../kinds/explanations.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import { classifierRecord, scoreClassifier } from "../classifier-score.ts"
import { featureLine } from "./feature-line.ts"
import { judgePrompt, type Question, readJudgement } from "./judge-prompt.ts"
import type { Judged } from "./latent-tests.ts"
import { rankedTexts, type TextNumbers } from "./text-ranks.ts"

export interface JudgeOptions {
  /** Texts judged in one request. */
  readonly perRequest: number
  /** Whether log probabilities are asked for. */
  readonly probabilities: boolean
  /** Called for every answer that could not be read. */
  readonly unread: () => void
}

export interface JudgedTexts {
  /** Null where texts of one sort were not judged. */
  readonly score: JudgedScore | null
  /** Log odds of yes. */
  readonly odds: TextNumbers
}

const answerLength = 500

const digit = (token: string): string | undefined => /^[^01]*([01])[^01]*$/.exec(token)?.[1]

/**
 * Log odds of 1 against 0, of all that is told of both (Delphi's `_parse_logprobs`). Of what is not told no more is known than that it is
 * no likelier than the least that is, and than all that is not told together.
 */
const logOdds = ({ alternatives }: AnswerToken): number => {
  let [rest, least] = [1, 0]
  const said = { "0": 0, "1": 0 }
  for (const { token, logprob } of alternatives) {
    const value = digit(token)
    if (value === "0" || value === "1") said[value] += Math.exp(logprob)
    rest -= Math.exp(logprob)
    least = Math.min(least, logprob)
  }
  const most = Math.max(1e-12, Math.min(rest, Math.exp(least)))
  return Math.log(said["1"] || most) - Math.log(said["0"] || most)
}

/** Of exactly as many texts as were given; undefined where the answer does not tell them. */
export const readOdds = ({ tokens }: ChatAnswer, count: number): ReadonlyArray<number> | undefined => {
  const said = tokens?.filter(({ token, alternatives }) => digit(token) !== undefined && alternatives.length > 0)
  return said?.length === count ? said.map(logOdds) : undefined
}

export const judgeTexts = Effect.fnUntraced(function* (
  chat: ChatModel,
  question: Question,
  explanation: string,
  tests: ReadonlyArray<Judged>,
  { perRequest, probabilities, unread }: JudgeOptions
): Effect.fn.Return<JudgedTexts, StageFailed> {
  const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 }
  const odds: Array<number | undefined> = []
  for (let first = 0; first < tests.length; first += perRequest) {
    const asked = tests.slice(first, first + perRequest)
    const messages = judgePrompt(
      question,
      explanation,
      asked.map(({ text }) => text)
    )
    const answer = yield* chat.ask({
      messages,
      maxTokens: answerLength,
      alternatives: probabilities,
      form: listForm(asked.length, ["0", "1"]),
      shared: featureLine(explanation)
    })
    const said = readJudgement(answer.text, asked.length)
    if (said === undefined) unread()
    for (const [i, yes] of (said ?? []).entries()) {
      const right = asked[i]?.right === true
      counts[yes ? (right ? "truePositives" : "falsePositives") : right ? "falseNegatives" : "trueNegatives"]++
    }
    const told = readOdds(answer, asked.length)
    odds.push(...asked.map((_, i) => told?.[i]))
  }
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts
  if (truePositives + falseNegatives === 0 || trueNegatives + falsePositives === 0) return { score: null, odds }
  const auc = rankedTexts(odds, tests)?.auc
  return { score: { ...classifierRecord({ ...counts, ...scoreClassifier(counts) }), auc: auc ?? null }, odds }
})
