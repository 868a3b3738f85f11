/** The stage explain-latents: explanations by a language model, run here or behind a server, with their scores. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf, requireTextOrder } from "../../activations/fit.ts"
import { type AnsweredBefore, answeredBefore } from "../../chat/answered-before.ts"
import { endpointModel } from "../../chat/endpoint.ts"
import { localModel } from "../../chat/local-model.ts"
import { localReader } from "../../chat/local-reader.ts"
import { requestGate } from "../../chat/request-gate.ts"
import { explanationsFileName, type ExplanationsFile } from "../../kinds/explanations.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeHandle } from "../../kinds/sae/sae-handle.ts"
import { openModel } from "../../model/open-model.ts"
import type { Opened } from "../../stage/input.ts"
import type { Checkpoint } from "../../stage/checkpoint.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { type DictionaryInputs, openDictionary } from "../open-dictionary.ts"
import { explainByModel } from "./explain-by-model.ts"
import type { ExplainLatentsSettings } from "./explain-latents-params.ts"
import { explanationMetrics } from "./explanation-metrics.ts"
import { outputTokens } from "./output-tokens.ts"

interface ExplainLatentsInputs extends DictionaryInputs {
  readonly model: Opened<LanguageModelHandle>
  readonly explainer_model: Opened<LanguageModelHandle> | undefined
  readonly judge_model: Opened<LanguageModelHandle> | undefined
}

const server = Effect.fnUntraced(function* (
  options: ExplainLatentsSettings["endpoint"],
  checkpoint: Checkpoint,
  memory: AnsweredBefore
) {
  const endpoint = options.endpoint ?? process.env["OPENAI_BASE_URL"]
  if (endpoint === undefined || endpoint === "") {
    return yield* stageFailed("no server to ask: endpoint is not set", "Set endpoint, or OPENAI_BASE_URL.")
  }
  const stopping = (): boolean => checkpoint.stopping?.() === true
  return yield* endpointModel({ ...options, endpoint }, requestGate(stopping, memory.save))
})

/** A crosscoder normalises what it reads of all sources together, and its latents are raised at one of them. */
const requireSteerable = Effect.fnUntraced(function* (sae: SaeHandle) {
  const { normalize } = yield* sae.anyWeights
  if (normalize === undefined || sae.rows !== "concatenated") return
  return yield* stageFailed(
    `the crosscoder normalises rows (${normalize}) of all its sources together: what a unit of a latent writes at one of them is not known`,
    "Explain from logits, or from examples."
  )
})

const nameOf = ({ artifact }: Opened<LanguageModelHandle>): string => `model ${artifact.digest.slice(0, 12)}`

export const explainLatents = Effect.fn("explainLatents")(function* ({
  inputs,
  settings,
  output,
  progress,
  log,
  checkpoint
}: StageContext<unknown, unknown, ExplainLatentsInputs, ExplainLatentsSettings>) {
  const [activations, language] = [inputs.activations.value, inputs.model.value]
  yield* requireTextOrder(activations)
  yield* requireHeldOut(activations)
  const { explainer_model: local, judge_model: judge = local } = inputs
  const { asked, options, read, written } = settings
  const memory = yield* answeredBefore(checkpoint)
  const chat = !asked
    ? undefined
    : yield* local === undefined ? server(settings.endpoint, checkpoint, memory) : localModel(local.value, memory)
  // The server's answers are kept by what was asked: whoever is stopped is told that it goes on, and does.
  if (chat !== undefined && local === undefined) yield* memory.save
  const reader = !read || judge === undefined ? undefined : yield* localReader(judge.value, memory)
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const { architecture, digest, encoder, writes } = yield* openDictionary(inputs)
  if (settings.output !== undefined) yield* requireModelOf(activations, language)
  if (settings.output?.by === "steering") yield* requireSteerable(inputs.sae.value)
  const { latents, unread } = yield* explainByModel(
    {
      explainer: written ? chat : undefined,
      chat,
      reader,
      text: (token) => tokenizer.tokenText(token),
      activations,
      sources: inputs.sources.map(({ value }) => value),
      encoder,
      output: settings.output && outputTokens(yield* openModel(language), writes, settings.output),
      progress
    },
    options
  )
  const file: ExplanationsFile = {
    format: 1,
    hook: activations.hook,
    sae: { digest, architecture, d_in: encoder.d_in, d_sae: encoder.d_sae },
    model: !asked ? "nobody" : local === undefined ? settings.endpoint.model : nameOf(local),
    made: { from: settings.from, by: written ? "model" : "list" },
    ...(reader !== undefined && judge !== undefined && { judge: nameOf(judge) }),
    unread,
    latents
  }
  yield* output.writeJson(explanationsFileName, file)
  if (chat !== undefined) {
    const { requests, kept, tokens } = chat.spent()
    log(
      `${requests} requests sent, ${kept} answers kept from earlier, ${tokens} tokens; ${unread} answers could not be read`
    )
  }
  return {
    explained_latents: latents.filter(({ explanation }) => explanation !== null).length,
    unread_answers: unread,
    ...explanationMetrics(latents, options)
  }
})
