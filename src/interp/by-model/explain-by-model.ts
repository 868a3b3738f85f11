/**
 * Explains the latents of an SAE by a language model that sees texts of the training rows, or the tokens that latents promote, and scores the
 * explanations by what a model can tell from them on held-out texts, beside what it tells from another latent's explanation.
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { ChatModel } from "../../chat/chat-model.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { ExplainedLatent } from "../../kinds/explanations.ts"
import { make as makeRng } from "../../random/rng.ts"
import type { Progress } from "../../stage/progress.ts"
import { stageFailed, type StageFailed } from "../../stage/stage-failed.ts"
import type { LatentEncoder } from "../dictionary.ts"
import { rounded } from "../example-window.ts"
import { sampleLatents, type SampledLatent, type SampleOptions } from "../sample-latents.ts"
import { derangement } from "../score-explanations.ts"
import { indexPositions } from "../token-stream.ts"
import { type Evidence, type EvidenceOptions, textEvidence } from "./evidence.ts"
import type { TokenText } from "./example-text.ts"
import { explainPrompt, explanationForm, readExplanation } from "./explain-prompt.ts"
import { heldOutExamples } from "./held-out-examples.ts"
import { latentTests } from "./latent-tests.ts"
import { listedExplanation } from "./listed-explanation.ts"
import type { OutputTokens } from "./output-tokens.ts"
import { type Judges, noScores, type ScoreOptions, scoreLatent } from "./score-latent.ts"
import { contrast } from "./text-ranks.ts"

export interface ExplainByModelOptions extends SampleOptions, EvidenceOptions, Omit<ScoreOptions, "text" | "unread"> {
  /** Latents that are asked about at once. */
  readonly parallel: number
  /** Share of a latent's maximum from which on a token counts as one on which it fires. */
  readonly fireThreshold: number
  /** Whether explanations are made from texts on which latents fire. What latents promote is seen where `output` is given. */
  readonly fromExamples: boolean
  readonly scoredTexts: number
  readonly simulatedTexts: number
}

export interface ExplainByModelInput extends Judges {
  /** Writes the explanations; undefined: they are lists of tokens. */
  readonly explainer: ChatModel | undefined
  readonly text: TokenText
  readonly activations: ActivationsHandle
  /** Of a crosscoder: all that it reads. */
  readonly sources: ReadonlyArray<ActivationsHandle>
  readonly encoder: LatentEncoder
  /** Undefined: explanations are not of what latents promote. */
  readonly output: OutputTokens | undefined
  readonly progress: (progress: Progress) => void
}

export interface ExplainedByModel {
  readonly latents: ReadonlyArray<ExplainedLatent>
  /** Answers that could not be read as what was asked for. */
  readonly unread: number
}

const explanationLength = 400
/** Tokens that an explanation without a model lists at most. */
const listedTokens = 10

const written = Effect.fnUntraced(function* (
  explainer: ChatModel | undefined,
  evidence: Evidence,
  { max }: SampledLatent,
  { fireThreshold, fromExamples }: ExplainByModelOptions,
  text: TokenText
): Effect.fn.Return<{ readonly explanation: string | undefined; readonly said: string }, StageFailed> {
  if (explainer === undefined) {
    const promoted = evidence.output?.promoted.map(({ token }) => token) ?? []
    const tokens = [...(fromExamples ? evidence.tokens : []), ...promoted]
    return { explanation: listedExplanation(tokens, listedTokens, text), said: "" }
  }
  const answer = yield* explainer.ask({
    messages: explainPrompt(fromExamples ? evidence : { ...evidence, examples: [] }, {
      max,
      threshold: fireThreshold * max,
      text
    }),
    maxTokens: explanationLength,
    alternatives: false,
    form: explanationForm
  })
  return { explanation: readExplanation(answer.text), said: answer.text }
})

/** A model that explains nothing at all is not told by zeros and figures that are missing. */
const nothingExplained = (answers: number, said: string): StageFailed =>
  stageFailed(
    `none of ${answers} answers could be read as an explanation; the first is ${said.trim() === "" ? "empty" : JSON.stringify(said.trim().slice(0, 120))}`,
    "It has to be one line, or have one that begins with EXPLANATION:. A model that reasons first can use up all tokens of an answer by that: switch it off at the server, or take another model."
  )

export const explainByModel = Effect.fnUntraced(function* (
  { explainer, chat, reader, text, activations, sources, encoder, output, progress }: ExplainByModelInput,
  options: ExplainByModelOptions
): Effect.fn.Return<ExplainedByModel, ArtifactError | StageFailed> {
  const sample = yield* sampleLatents({ handle: activations, sources }, encoder, options, progress)
  const { heldOutPositions, latents: chosen, stream, trainPositions } = sample
  const index = indexPositions(stream, trainPositions)
  const outputs = output === undefined ? undefined : yield* output(sample)

  let unread = 0
  const note = (): void => void unread++
  let done = 0
  const steps = 2 * chosen.length
  const step = Effect.sync(() => progress({ done: ++done, total: steps, unit: "latents" }))
  const explanations = yield* Effect.forEach(
    chosen,
    (latent, i) =>
      Effect.gen(function* () {
        const rng = makeRng(options.seed, `examples of latent ${latent.latent}`)
        const seen = textEvidence(sample, index, latent, options.fireThreshold * latent.max, options, rng)
        const answer = yield* written(explainer, { ...seen, output: outputs?.[i] }, latent, options, text)
        if (answer.explanation === undefined) note()
        yield* step
        return answer
      }),
    { concurrency: options.parallel }
  )
  if (
    explainer !== undefined &&
    explanations.length > 0 &&
    explanations.every((each) => each.explanation === undefined)
  ) {
    return yield* nothingExplained(explanations.length, explanations[0]?.said ?? "")
  }

  const partners = derangement(chosen.length, makeRng(options.seed, "shuffled explanations"))
  const latents = yield* Effect.forEach(
    chosen,
    ({ density, heldOut, latent, max }, i) =>
      Effect.gen(function* () {
        const threshold = options.fireThreshold * max
        const rng = makeRng(options.seed, `held-out texts of latent ${latent}`)
        const examples = heldOutExamples(
          stream,
          heldOut,
          { threshold, positions: heldOutPositions, count: options.scoredTexts, window: options.window },
          rng
        )
        const tests = latentTests(examples, { threshold, simulated: options.simulatedTexts, text }, rng)
        const scored = (explanation: string | undefined) =>
          explanation === undefined
            ? Effect.succeed(noScores)
            : scoreLatent({ chat, reader }, explanation, tests, { ...options, text, unread: note })
        const own = yield* scored(explanations[i]?.explanation)
        const other = yield* scored(explanations[partners[i] as number]?.explanation)
        const against = (scorer: keyof typeof own.numbers): number | null =>
          contrast(own.numbers[scorer], other.numbers[scorer], tests[scorer === "fuzzing" ? scorer : "detection"])
        const result: ExplainedLatent = {
          latent,
          density,
          max: rounded(max),
          explanation: explanations[i]?.explanation ?? null,
          scores: own.scores,
          shuffled: other.scores,
          contrast: {
            detection: against("detection"),
            fuzzing: against("fuzzing"),
            surprise: against("surprise"),
            embedding: against("embedding")
          }
        }
        yield* step
        return result
      }),
    { concurrency: options.parallel }
  )
  return { latents, unread }
})
