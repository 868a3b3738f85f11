/** The stage train-lm: a small GPT-2 in the Hugging Face layout. */
import * as Effect from "effect/Effect"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { TokenizerHandle } from "../../kinds/tokenizer.ts"
import type { Opened } from "../../stage/input.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { trainingText } from "../../text/training-text.ts"
import { parameterCount } from "../decoder/gpt2-config.ts"
import { textFigures } from "../evaluate/text-figures.ts"
import { gpt2ConfigJson, gpt2Safetensors, type Dtype } from "./gpt2-files.ts"
import { startingWeights } from "./starting-weights.ts"
import { trainLm, type TrainLmOptions } from "./train-lm.ts"

type Context = StageContext<
  { readonly dtype: Dtype },
  { readonly text: ResolvedSource },
  { readonly tokenizer: Opened<TokenizerHandle>; readonly from: Opened<LanguageModelHandle> | undefined },
  TrainLmOptions
>

export const lmStage = Effect.fn("lmStage")(function* ({
  sources,
  inputs,
  params,
  settings,
  output,
  progress,
  log,
  checkpoint
}: Context) {
  const corpus = yield* trainingText(sources.text)
  const json = yield* inputs.tokenizer.value.json
  const from = inputs.from?.value
  const start = from && (yield* startingWeights(from, inputs.tokenizer.value.digest, settings.config))
  const trained = yield* trainLm(corpus, json, settings, { checkpoint, progress, log }, start)
  const { config, endOfText, tokenizer, weights } = trained
  const configJson = gpt2ConfigJson(config, endOfText, params.dtype)
  const bytes = gpt2Safetensors(config, weights, params.dtype)
  yield* output.writeJson("config.json", configJson)
  yield* output.write("tokenizer.json", json)
  yield* output.write("model.safetensors", bytes)
  const figures = yield* textFigures(configJson, bytes, corpus, tokenizer, endOfText).pipe(
    Effect.mapError((error) => stageFailed(`the trained model cannot be tested: ${error.message}`))
  )
  return {
    parameters: parameterCount(config),
    train_text_loss: trained.textLoss,
    held_out_text_loss: figures.loss,
    bigram_loss: figures.bigramLoss
  }
})
