/**
 * Explains the latents of an SAE and scores the explanations: examples and patterns come from training rows in
 * contexts without any held-out text, scores from held-out rows.
 */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"
import type { ArtifactError } from "../artifact/artifact-error.ts"
import type { InterpretationsFile, InterpretedLatent } from "../kinds/interpretations.ts"
import type { RunnableModel } from "../model/run-model.ts"
import { make as makeRng } from "../random/rng.ts"
import { type KeptParts, noParts } from "../stage/kept-parts.ts"
import type { Progress } from "../stage/progress.ts"
import type { StageFailed } from "../stage/stage-failed.ts"
import type { TextTokenizer } from "../text/tokenizer.ts"
import { activationHistogram, chooseExamples } from "./choose-examples.ts"
import { classifierRecord } from "./classifier-score.ts"
import { exampleWindow, rounded } from "./example-window.ts"
import type { Dictionary } from "./dictionary.ts"
import type { ExplainOptions } from "./explain-latents.ts"
import { explainLatents } from "./explain-latents.ts"
import { decoderLogits } from "./decoder-logits.ts"
import { explanationText } from "./explanation-text.ts"
import { firingPositions } from "./firings.ts"
import { patternsOf, SavedPatterns, savedPatterns } from "./saved-patterns.ts"
import { makeLatentProbe } from "./model-probe.ts"
import type { ScoredExplanation } from "./score-explanations.ts"
import { countConfusion, predictedPositions, scoreExplanations } from "./score-explanations.ts"
import type { MeasuredPattern } from "./select-patterns.ts"
import { sampleLatents, type SampleOptions } from "./sample-latents.ts"
import { firingTokens, tokenPositions } from "./token-rule.ts"
import { indexPositions } from "./token-stream.ts"
import { makeTrie, wildcard } from "./token-trie.ts"
import { breathe } from "../stage/breathe.ts"

export interface InterpretOptions extends Omit<ExplainOptions, "drawToken">, SampleOptions {
  readonly shuffles: number
  readonly topExamples: number
  readonly bands: number
  readonly perBand: number
  /** Tokens shown left and right of an example's activating token. */
  readonly left: number
  readonly right: number
  readonly logitTokens: number
}

export interface InterpretInput {
  readonly model: RunnableModel
  readonly tokenizer: TextTokenizer
  readonly activations: ActivationsHandle
  /** Of a crosscoder: all that it reads, at hooks of this model. */
  readonly sources: ReadonlyArray<ActivationsHandle>
  readonly dictionary: Dictionary
  readonly progress: (progress: Progress) => void
  /** Where patterns that are found are kept. */
  readonly kept?: KeptParts
}

/** Bins of a latent's activation histogram. */
const histogramBins = 24
/** Latents explained together: enough prompts for full batches, few enough for a lively progress line. */
const latentsTogether = 24

export const interpretSae = Effect.fnUntraced(function* (
  { model, tokenizer, progress, activations, sources, dictionary, kept = noParts }: InterpretInput,
  options: InterpretOptions
): Effect.fn.Return<InterpretationsFile, StageFailed | ArtifactError> {
  const { contexts, hook } = activations
  const { architecture, digest, encoder, writes } = dictionary
  const sample = yield* sampleLatents({ handle: activations, sources }, encoder, options, progress)
  const { heldOutPositions, latents: tasks, stream, trainPositions } = sample

  const index = indexPositions(stream, trainPositions)
  const hooks = sources.length === 0 ? [hook] : sources.map((each) => each.hook)
  const probe = makeLatentProbe(model, encoder, { hooks, bos: contexts.bos_id })
  const explain: ExplainOptions = {
    ...options,
    drawToken: (rng) => stream.ids[trainPositions[rng.int(trainPositions.length)] as number] as number
  }
  const patterns: Array<ReadonlyArray<MeasuredPattern>> = []
  for (let first = 0; first < tasks.length; first += latentsTogether) {
    const some = tasks.slice(first, first + latentsTogether)
    const made = yield* kept.part(
      `patterns of latents from ${first}`,
      SavedPatterns,
      Effect.sync(() => savedPatterns(explainLatents(probe, stream, index, some, explain)))
    )
    patterns.push(...patternsOf(made))
    progress({ done: patterns.length, total: tasks.length, unit: "latents" })
    yield* breathe
  }

  const testIndex = indexPositions(stream, heldOutPositions)
  const scores = scoreExplanations(
    patterns.map((each) => predictedPositions(makeTrie(each), stream, testIndex, options.fireThreshold)),
    tasks.map(({ heldOut, max }) => firingPositions(heldOut, options.fireThreshold * max)),
    heldOutPositions.length,
    options.shuffles,
    makeRng(options.seed, "shuffled explanations")
  )

  const tokenF1 = tasks.map(({ firings, heldOut, max }) => {
    const truth = firingPositions(heldOut, options.fireThreshold * max)
    const tokens = firingTokens(stream, index, firingPositions(firings, options.fireThreshold * max))
    const { truePositives, falsePositives, falseNegatives } = countConfusion(
      tokenPositions(testIndex, tokens),
      truth,
      heldOutPositions.length
    )
    return truth.length === 0 ? 0 : (2 * truePositives) / (2 * truePositives + falsePositives + falseNegatives)
  })

  const logits =
    writes &&
    decoderLogits(
      model,
      writes,
      tasks.map(({ latent }) => latent),
      options.logitTokens
    )
  const texts = new Map<number, string>()
  const noteText = (token: number): number => {
    if (token !== wildcard && !texts.has(token)) texts.set(token, tokenizer.tokenText(token))
    return token
  }
  const latents = tasks.map(({ density, firings, latent, max }, i): InterpretedLatent => {
    const examples = chooseExamples(
      stream,
      firings,
      max,
      { top: options.topExamples, bands: options.bands, perBand: options.perBand },
      makeRng(options.seed, `examples of latent ${latent}`)
    )
    const example = (position: number) => {
      const window = exampleWindow(stream, firings, position, options)
      window.tokens.forEach(noteText)
      return window
    }
    const own = patterns[i] as ReadonlyArray<MeasuredPattern>
    const effect = logits?.[i] ?? { promoted: [], suppressed: [] }
    for (const { token } of [...effect.promoted, ...effect.suppressed]) noteText(token)
    return {
      latent,
      density,
      max: rounded(max),
      histogram: activationHistogram(firings, max, histogramBins),
      explanation: explanationText(
        own.map(({ steps, positions }) => ({ steps, matches: positions.length })),
        (token) => tokenizer.tokenText(token)
      ),
      patterns: own.map(({ steps, activation, positions, precision }) => ({
        tokens: steps.toReversed().map(noteText),
        activation: rounded(activation),
        matches: positions.length,
        precision: rounded(precision)
      })),
      score: scoreRecord(scores[i] ?? null, tokenF1[i] as number),
      top: examples.top.map(example),
      bands: examples.bands.map(({ low, high, positions }) => ({ low, high, examples: positions.map(example) })),
      ...effect
    }
  })
  const file: InterpretationsFile = {
    format: 1,
    hook,
    sae: { digest, architecture, d_in: encoder.d_in, d_sae: encoder.d_sae },
    settings: Object.fromEntries(Object.entries(options)),
    live: sample.live,
    train_rows: trainPositions.length,
    held_out_rows: heldOutPositions.length,
    token_texts: Object.fromEntries([...texts].map(([token, text]) => [String(token), text])),
    latents
  }
  return file
})

const scoreRecord = (score: ScoredExplanation | null, token_f1: number): InterpretedLatent["score"] =>
  score === null ? null : { ...classifierRecord(score), shuffled_f1: score.shuffledF1, token_f1 }
