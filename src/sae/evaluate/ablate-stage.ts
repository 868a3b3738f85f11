/** The stage ablate-hook: what the activation of a hook is worth to its model. */
import * as Effect from "effect/Effect"
import { requireHeldOut, requireModelOf } from "../../activations/fit.ts"
import { type AblationsFile, ablationsFileName } from "../../kinds/ablations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import { openModel } from "../../model/open-model.ts"
import type { Opened } from "../../stage/input.ts"
import type { StageContext } from "../../stage/stage-context.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { crossEntropyFigures } from "./cross-entropy-figures.ts"
import { evaluationContexts } from "./evaluation-contexts.ts"
import { hookAblations } from "./hook-ablations.ts"

interface AblateInputs {
  readonly activations: Opened<ActivationsHandle>
  readonly model: Opened<LanguageModelHandle>
}

export const ablateStage = Effect.fn("ablateStage")(function* ({
  inputs,
  params,
  output,
  progress
}: StageContext<{ readonly contexts: number }, unknown, AblateInputs>) {
  const [activations, handle] = [inputs.activations.value, inputs.model.value]
  yield* requireModelOf(activations, handle)
  yield* requireHeldOut(activations)
  const chosen = yield* evaluationContexts(activations, params.contexts)
  if (chosen.targets === 0) {
    return yield* stageFailed("no held-out context has a token to predict", "Capture contexts of two tokens or more.")
  }
  const count = chosen.contexts.length
  const sums = yield* hookAblations(activations, yield* openModel(handle), chosen, {
    kl: true,
    onContexts: (done) => progress({ done, total: count, unit: "contexts" })
  })
  const file: AblationsFile = {
    format: 1,
    activations: activations.digest,
    model: handle.digest,
    hook: activations.hook,
    wanted: params.contexts,
    contexts: { count, whole: chosen.whole, targets: chosen.targets },
    ...sums
  }
  yield* output.writeJson(ablationsFileName, file)
  return crossEntropyFigures(sums, [], activations.hook).ablated
})
