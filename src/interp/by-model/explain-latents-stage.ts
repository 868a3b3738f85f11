/** The stage explain-latents: explanations by a language model, run here or behind a server, with their scores. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireReads, requireTextOrder } from "../../activations/fit.ts"
import { endpointModel } from "../../chat/endpoint.ts"
import { localModel } from "../../chat/local-model.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations.ts"
import { explanationsFileName, type ExplanationsFile } from "../../kinds/explanations.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model.ts"
import type { SaeHandle } from "../../kinds/sae/sae.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { openTokenizer } from "../../text/open-tokenizer.ts"
import { explainByModel } from "./explain-by-model.ts"
import type { ExplainLatentsSettings } from "./explain-latents-params.ts"
import { explanationMetrics } from "./explanation-metrics.ts"

interface ExplainLatentsInputs {
  readonly sae: Opened<SaeHandle>
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
  readonly explainer_model: Opened<LanguageModelHandle> | undefined
}

const server = Effect.fnUntraced(function* (options: ExplainLatentsSettings["endpoint"]) {
  const endpoint = options.endpoint ?? process.env["OPENAI_BASE_URL"]
  if (endpoint === undefined || endpoint === "") {
    return yield* stageFailed("no server to ask: endpoint is not set", "Set endpoint, or OPENAI_BASE_URL.")
  }
  return yield* endpointModel({ ...options, endpoint })
})

export const explainLatents = Effect.fn("explainLatents")(function* ({
  inputs,
  settings,
  output,
  progress,
  log,
  checkpoint
}: StageContext<unknown, unknown, ExplainLatentsInputs, ExplainLatentsSettings>) {
  const [sae, activations, language] = [inputs.sae.value, inputs.activations.value, inputs.model.value]
  yield* requireReads(sae, activations)
  yield* requireTextOrder(activations)
  yield* requireHeldOut(activations)
  const explainer = inputs.explainer_model
  const chat = yield* explainer === undefined ? server(settings.endpoint) : localModel(explainer.value, checkpoint)
  const tokenizer = yield* openTokenizer(language.tokenizer)
  const text = (token: number): string => tokenizer.tokenText(token)
  const weights = yield* sae.weights
  const { latents, unread } = yield* explainByModel({ chat, text, activations, weights, progress }, settings.options)
  const { digest, architecture, d_in, d_sae } = sae
  const file: ExplanationsFile = {
    format: 1,
    hook: activations.hook,
    sae: { digest, architecture, d_in, d_sae },
    model: explainer === undefined ? settings.endpoint.model : `model ${explainer.artifact.digest.slice(0, 12)}`,
    unread,
    latents
  }
  yield* output.writeJson(explanationsFileName, file)
  const { requests, kept, tokens } = chat.spent()
  log(
    `${requests} requests sent, ${kept} answers kept from earlier, ${tokens} tokens; ${unread} answers could not be read`
  )
  return {
    explained_latents: latents.filter(({ explanation }) => explanation !== null).length,
    unread_answers: unread,
    ...explanationMetrics(latents, settings.options.scorers)
  }
})
