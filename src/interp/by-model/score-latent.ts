/** How well a language model can tell from an explanation where the latent fires: detection, fuzzing, simulation. */
import * as Effect from "effect/Effect"
import type { ChatModel } from "../../chat/chat-model.ts"
import type { ExplanationScores, JudgedScore, SimulatedScore } from "../../kinds/explanations.ts"
import type { ActivatingExample } from "../../kinds/interpretations.ts"
import { pearson, spearman } from "../../numeric/correlation.ts"
import type { Rng } from "../../random/rng.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import { classifierRecord, scoreClassifier } from "../classifier-score.ts"
import { activeTokens, markedText, plainText, type TokenText } from "./example-text.ts"
import type { HeldOutExamples } from "./held-out-examples.ts"
import { featureLine } from "./feature-line.ts"
import { judgePrompt, type Question, readJudgement } from "./judge-prompt.ts"
import { readSimulation, simulatePrompt, strengthTexts } from "./simulate-prompt.ts"

export const scorers = ["detection", "fuzzing", "simulation"] as const
export type Scorer = (typeof scorers)[number]

/** A text to be judged, and whether yes is right. */
export interface Judged {
  readonly text: string
  readonly right: boolean
}

/** What a latent is scored on, drawn once: its own explanation and another's are held against the same. */
export interface LatentTests {
  readonly detection: ReadonlyArray<Judged>
  readonly fuzzing: ReadonlyArray<Judged>
  readonly simulation: ReadonlyArray<ActivatingExample>
}

const shuffled = <A>(items: ReadonlyArray<A>, rng: Rng): ReadonlyArray<A> =>
  Array.from(rng.permutation(items.length), (i) => items[i] as A)

/** As many silent tokens as the firing ones of an average example, drawn at random; undefined where there are too few. */
const wrongMarks = (example: ActivatingExample, count: number, rng: Rng): ReadonlyArray<boolean> | undefined => {
  const silent = example.activations.flatMap((value, i) => (value === 0 ? [i] : []))
  if (silent.length < count) return undefined
  const marked = new Set(shuffled(silent, rng).slice(0, count))
  return example.tokens.map((_, i) => marked.has(i))
}

/**
 * @param threshold activation from which on a token counts as one on which the latent fires
 * @param simulated texts of each sort that are simulated
 */
export const latentTests = (
  { firing, silent }: HeldOutExamples,
  { threshold, simulated, text }: { readonly threshold: number; readonly simulated: number; readonly text: TokenText },
  rng: Rng
): LatentTests => {
  const judged = (example: ActivatingExample, right: boolean): Judged => ({ text: plainText(example, text), right })
  const active = firing.map((example) => activeTokens(example, threshold))
  const mean = active.flat().filter(Boolean).length / Math.max(1, firing.length)
  const fuzzing = firing.flatMap((example, i): ReadonlyArray<Judged> => {
    const right = i % 2 === 0
    const marks = right ? active[i] : wrongMarks(example, Math.ceil(mean), rng)
    return marks === undefined ? [] : [{ text: markedText(example, marks, text), right }]
  })
  return {
    detection: shuffled(
      [...firing.map((each) => judged(each, true)), ...silent.map((each) => judged(each, false))],
      rng
    ),
    fuzzing: shuffled(fuzzing, rng),
    simulation: [...firing.slice(0, simulated), ...silent.slice(0, simulated)]
  }
}

export interface ScoreOptions {
  readonly scorers: ReadonlyArray<Scorer>
  /** Texts judged in one request. */
  readonly perRequest: number
  readonly text: TokenText
  /** Called for every answer that could not be read. */
  readonly unread: () => void
}

const answerLength = 500
const listForm = (count: number, of: ReadonlyArray<string>) => ({ begins: "[", ends: "]", list: { count, of } })

const judge = (
  chat: ChatModel,
  question: Question,
  explanation: string,
  tests: ReadonlyArray<Judged>,
  { perRequest, unread }: ScoreOptions
): Effect.Effect<JudgedScore | null, StageFailed> =>
  Effect.gen(function* () {
    const counts = { truePositives: 0, falsePositives: 0, falseNegatives: 0, trueNegatives: 0 }
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
        alternatives: false,
        form: listForm(asked.length, ["0", "1"]),
        shared: featureLine(explanation)
      })
      const said = readJudgement(answer.text, asked.length)
      if (said === undefined) unread()
      for (const [i, yes] of (said ?? []).entries()) {
        const right = asked[i]?.right === true
        counts[yes ? (right ? "truePositives" : "falsePositives") : right ? "falseNegatives" : "trueNegatives"]++
      }
    }
    const { truePositives, falsePositives, falseNegatives, trueNegatives } = counts
    if (truePositives + falseNegatives === 0 || trueNegatives + falsePositives === 0) return null
    return classifierRecord({ ...counts, ...scoreClassifier(counts) })
  })

const simulate = (
  chat: ChatModel,
  explanation: string,
  tests: ReadonlyArray<ActivatingExample>,
  { text, unread }: ScoreOptions
): Effect.Effect<SimulatedScore | null, StageFailed> =>
  Effect.gen(function* () {
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

export const noScores: ExplanationScores = { detection: null, fuzzing: null, simulation: null }

export const scoreLatent = (
  chat: ChatModel,
  explanation: string,
  tests: LatentTests,
  options: ScoreOptions
): Effect.Effect<ExplanationScores, StageFailed> => {
  const wanted = new Set(options.scorers)
  const none = Effect.succeed(null)
  return Effect.all({
    detection: wanted.has("detection") ? judge(chat, "detection", explanation, tests.detection, options) : none,
    fuzzing: wanted.has("fuzzing") ? judge(chat, "fuzzing", explanation, tests.fuzzing, options) : none,
    simulation: wanted.has("simulation") ? simulate(chat, explanation, tests.simulation, options) : none
  })
}
