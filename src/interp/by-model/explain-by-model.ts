/**
 * Explains the latents of an SAE by a language model that sees texts of the training rows, and scores the explanations by what
 * the same model can tell from them on held-out texts, beside what it tells from another latent's explanation.
 */
import * as Effect from "effect/Effect"
import type { ArtifactError } from "../../artifact/artifact-error.ts"
import type { ChatModel } from "../../chat/chat-model.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import type { ExplainedLatent } from "../../kinds/explanations.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { make as makeRng } from "../../random/rng.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import type { Progress } from "../../stage/progress.ts"
import type { StageFailed } from "../../stage/stage-failed.ts"
import { chooseExamples } from "../choose-examples.ts"
import { exampleWindow, rounded, type Window } from "../example-window.ts"
import { sampleLatents, type SampleOptions } from "../sample-latents.ts"
import { derangement } from "../score-explanations.ts"
import type { TokenText } from "./example-text.ts"
import { explainPrompt, explanationForm, readExplanation } from "./explain-prompt.ts"
import { heldOutExamples } from "./held-out-examples.ts"
import { latentTests, noScores, scoreLatent, type Scorer } from "./score-latent.ts"

export interface ExplainByModelOptions extends SampleOptions {
  /** Latents that are asked about at once. */
  readonly parallel: number
  /** Share of a latent's maximum from which on a token counts as one on which it fires. */
  readonly fireThreshold: number
  readonly top: number
  readonly bands: number
  readonly perBand: number
  readonly window: Window
  readonly scorers: ReadonlyArray<Scorer>
  readonly scoredTexts: number
  readonly simulatedTexts: number
  readonly perRequest: number
}

export interface ExplainByModelInput {
  readonly chat: ChatModel
  readonly text: TokenText
  readonly activations: ActivationsHandle
  readonly weights: SaeWeights
  readonly progress: (progress: Progress) => void
}

export interface ExplainedByModel {
  readonly latents: ReadonlyArray<ExplainedLatent>
  /** Answers that could not be read as what was asked for. */
  readonly unread: number
}

const explanationLength = 400
export const explainByModel = (
  input: ExplainByModelInput,
  options: ExplainByModelOptions
): Effect.Effect<ExplainedByModel, ArtifactError | StageFailed> => Effect.scoped(explain(input, options))

const explain = Effect.fnUntraced(function* (
  { chat, text, activations, weights, progress }: ExplainByModelInput,
  options: ExplainByModelOptions
) {
  const sae = yield* openSaeModel(weights)
  const { heldOutPositions, latents: chosen, stream } = yield* sampleLatents(activations, sae, options, progress)

  let unread = 0
  const note = (): void => void unread++
  let done = 0
  const steps = 2 * chosen.length
  const step = Effect.sync(() => progress({ done: ++done, total: steps, unit: "latents" }))
  const explanations = yield* Effect.forEach(
    chosen,
    ({ latent, firings, max }) =>
      Effect.gen(function* () {
        const rng = makeRng(options.seed, `examples of latent ${latent}`)
        const shown = chooseExamples(stream, firings, max, options, rng)
        const places = [...new Set([...shown.top, ...shown.bands.flatMap(({ positions }) => positions)])]
        const messages = explainPrompt(
          places.map((position) => exampleWindow(stream, firings, position, options.window)),
          { max, threshold: options.fireThreshold * max, text }
        )
        const answer = yield* chat.ask({
          messages,
          maxTokens: explanationLength,
          alternatives: false,
          form: explanationForm
        })
        const explanation = readExplanation(answer.text)
        if (explanation === undefined) note()
        yield* step
        return explanation
      }),
    { concurrency: options.parallel }
  )

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
            : scoreLatent(chat, explanation, tests, { ...options, text, unread: note })
        const explanation = explanations[i]
        const result: ExplainedLatent = {
          latent,
          density,
          max: rounded(max),
          explanation: explanation ?? null,
          scores: yield* scored(explanation),
          shuffled: yield* scored(explanations[partners[i] as number])
        }
        yield* step
        return result
      }),
    { concurrency: options.parallel }
  )
  return { latents, unread }
})
