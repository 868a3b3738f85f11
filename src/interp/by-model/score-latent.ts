/** How well an explanation tells where the latent fires: by a language model that judges, one that reads, and one that embeds. */
import * as Effect from "effect/Effect"
import type { ChatModel } from "../../chat/chat-model.ts"
import type { TextReader } from "../../chat/text-reader.ts"
import type { ExplanationScores } from "../../kinds/explanations.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import { embeddedTexts } from "./embed-texts.ts"
import type { TokenText } from "./example-text.ts"
import { type JudgeOptions, judgeTexts } from "./judge-texts.ts"
import type { LatentTests } from "./latent-tests.ts"
import { simulateTexts } from "./simulate-texts.ts"
import { surprise } from "./surprise.ts"
import { rankedTexts, type TextNumbers } from "./text-ranks.ts"

export const scorers = ["detection", "fuzzing", "simulation", "surprise", "embedding"] as const
export type Scorer = (typeof scorers)[number]

/** Scorers that give every text a number. */
export const rankingScorers = ["detection", "fuzzing", "surprise", "embedding"] as const
export type RankingScorer = (typeof rankingScorers)[number]

export const isRanking = (scorer: Scorer): scorer is RankingScorer => scorer !== "simulation"

/** Scorers that ask a language model, by conversation. */
export const asksModel = (scorer: Scorer): boolean => scorer !== "surprise" && scorer !== "embedding"

/** Whoever can be asked; undefined where no scorer needs it. */
export interface Judges {
  readonly chat: ChatModel | undefined
  readonly reader: TextReader | undefined
}

export interface ScoreOptions extends JudgeOptions {
  readonly scorers: ReadonlyArray<Scorer>
  readonly text: TokenText
}

export interface ScoredLatent {
  readonly scores: ExplanationScores
  /** Of each text of detection, of fuzzing by its own. */
  readonly numbers: Readonly<Record<RankingScorer, TextNumbers>>
}

export const noScores: ScoredLatent = {
  scores: { detection: null, fuzzing: null, simulation: null },
  numbers: { detection: [], fuzzing: [], surprise: [], embedding: [] }
}

export const scoreLatent = Effect.fnUntraced(function* (
  { chat, reader }: Judges,
  explanation: string,
  tests: LatentTests,
  options: ScoreOptions
): Effect.fn.Return<ScoredLatent, StageFailed> {
  const wanted = new Set(options.scorers)
  const judged = (question: "detection" | "fuzzing") =>
    chat === undefined || !wanted.has(question)
      ? Effect.succeed({ score: null, odds: [] })
      : judgeTexts(chat, question, explanation, tests[question], options)
  const detection = yield* judged("detection")
  const fuzzing = yield* judged("fuzzing")
  const simulation =
    chat === undefined || !wanted.has("simulation")
      ? null
      : yield* simulateTexts(chat, explanation, tests.simulation, options)
  const texts = tests.detection.map(({ text }) => text)
  const read = (scorer: "surprise" | "embedding", numbers: typeof surprise) =>
    reader === undefined || !wanted.has(scorer) ? Effect.succeed([]) : numbers(reader, explanation, texts)
  const surprised = yield* read("surprise", surprise)
  const near = yield* read("embedding", embeddedTexts)
  return {
    scores: {
      detection: detection.score,
      fuzzing: fuzzing.score,
      simulation,
      ...(wanted.has("surprise") && { surprise: rankedTexts(surprised, tests.detection) ?? null }),
      ...(wanted.has("embedding") && { embedding: rankedTexts(near, tests.detection) ?? null })
    },
    numbers: { detection: detection.odds, fuzzing: fuzzing.odds, surprise: surprised, embedding: near }
  }
})
