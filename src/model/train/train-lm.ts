/**
 * Trains a small GPT-2 on a corpus from start to end: rows, steps, checkpoints, progress. With the speller corpus it makes
 * tiny-speller; with files of the user, a plain language model of their text.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { stageFailed } from "../../stage/stage-failed.ts"
import { type Checkpoint, floatTensors, loadState } from "../../stage/checkpoint.ts"
import type { Progress } from "../../stage/progress.ts"
import { endOfTextToken, type SpellerCorpus } from "../../text/speller-corpus.ts"
import { tokenStream } from "../../text/token-stream.ts"
import { makeTokenizer } from "../../text/tokenizer.ts"
import type { Gpt2Config } from "../decoder/gpt2-config.ts"
import type { ParameterArrays } from "./adam-w.ts"
import { drillWordTokens, interleaveByLetter } from "./drill-lines.ts"
import { type LmTrainer, type LmTrainerOptions, makeLmTrainer } from "./lm-trainer.ts"
import { type RowOptions, type TrainingRows, trainingRows } from "./training-rows.ts"

export interface TrainLmOptions {
  readonly config: Omit<Gpt2Config, "vocab_size">
  readonly rows: RowOptions
  readonly trainer: LmTrainerOptions
  /** Steps between reports of accuracy on the letters of the coming batch; each costs a step. */
  readonly reportEvery: number
}

export interface TrainLmContext {
  readonly checkpoint: Checkpoint
  readonly progress: (progress: Progress) => void
  readonly log: (line: string) => void
}

/** Steps that a thrown error of the arithmetic ends: not finite, wrong shape. Trying again would not help. */
const attempt = <A>(work: () => A) =>
  Effect.try({ try: work, catch: (error) => stageFailed(error instanceof Error ? error.message : String(error)) })

const prepare = (corpus: SpellerCorpus, tokenizerJson: string, options: TrainLmOptions) => {
  const tokenizer = makeTokenizer(tokenizerJson)
  const endOfText = tokenizer.id(endOfTextToken)
  const [newline] = tokenizer.encode("\n")
  if (endOfText === undefined || newline === undefined) {
    throw new RangeError(`the tokenizer has no ${endOfTextToken} or no newline: train it with train-tokenizer`)
  }
  const stream = tokenStream(corpus.train, tokenizer, endOfText)
  const words = interleaveByLetter(drillWordTokens(corpus.words, corpus.roles, (text) => [...tokenizer.encode(text)]))
  const config: Gpt2Config = { ...options.config, vocab_size: tokenizer.vocabularySize }
  return { config, endOfText, tokenizer, rows: trainingRows(stream, words, endOfText, newline, options.rows) }
}

export interface TrainRowsOptions {
  readonly config: Gpt2Config
  readonly rows: TrainingRows
  readonly trainer: LmTrainerOptions
  readonly tokensPerStep: number
  readonly reportEvery: number
  /** Weights that training goes on from; else they are drawn. */
  readonly start?: ParameterArrays | undefined
}

/** The steps, from the first or from where a checkpoint ends. Needs a scope, which frees the weights in the engine. */
export const trainRows = Effect.fn("trainRows")(function* (
  { config, rows, trainer: options, tokensPerStep, reportEvery, start }: TrainRowsOptions,
  { checkpoint, progress, log }: TrainLmContext
) {
  const saved = yield* loadState(checkpoint, Schema.Struct({ step: Schema.Int }))
  if (saved !== undefined) log(`going on after step ${saved.json.step}`)
  const resumed = saved && { json: saved.json, tensors: floatTensors(saved.tensors) }
  const trainer: LmTrainer = yield* Effect.acquireRelease(
    attempt(() => makeLmTrainer(config, rows, options, { start, resume: resumed })),
    (made) => Effect.sync(made.dispose)
  )
  const { steps } = options
  let smooth: number | undefined
  let letters: number | undefined
  while (trainer.done() < steps) {
    const step = yield* attempt(trainer.next)
    if (step.textLoss !== undefined)
      smooth = smooth === undefined ? step.textLoss : 0.98 * smooth + 0.02 * step.textLoss
    if (step.step % reportEvery === 0 || step.step === steps) {
      letters = yield* attempt(trainer.letterAccuracy)
      log(
        `step ${step.step}: loss ${step.loss.toFixed(3)}, text ${smooth?.toFixed(3) ?? "-"}, ` +
          `letters ${letters?.toFixed(3) ?? "-"} of a pool of ${rows.poolSize(step.step)}, lr ${step.lr.toExponential(2)}`
      )
    }
    progress({
      done: step.step * tokensPerStep,
      total: steps * tokensPerStep,
      unit: "tokens",
      metrics: {
        loss: step.loss,
        ...(smooth === undefined ? {} : { text_loss: smooth }),
        ...(letters === undefined ? {} : { letter_accuracy: letters })
      }
    })
    if (checkpoint.due() && step.step < steps) yield* checkpoint.save(trainer.state())
    yield* Effect.yieldNow
  }
  return { weights: trainer.weights(), textLoss: smooth ?? 0, letterAccuracy: letters ?? 0 }
})

export const trainLm = Effect.fn("trainLm")(function* (
  corpus: SpellerCorpus,
  tokenizerJson: string,
  options: TrainLmOptions,
  context: TrainLmContext,
  start?: ParameterArrays
) {
  const { config, endOfText, tokenizer, rows } = yield* attempt(() => prepare(corpus, tokenizerJson, options))
  const { trainer, reportEvery } = options
  const tokensPerStep = options.rows.batch * options.rows.context
  const trained = yield* trainRows({ config, rows, trainer, tokensPerStep, reportEvery, start }, context)
  return { config, endOfText, tokenizer, ...trained }
})
