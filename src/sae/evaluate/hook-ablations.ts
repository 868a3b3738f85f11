/** The ablations of a hook, from its activations and their model: contexts, what replaces, losses. */
import * as Effect from "effect/Effect"
import { openActivations } from "../../activations/open-activations.ts"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import * as Rng from "../../random/rng.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { ablatedRows } from "./ablated-rows.ts"
import type { EvaluationContexts } from "./evaluation-contexts.ts"
import { measureAblations } from "./measure-ablations.ts"

/** @param activations of the hook whose activation is ablated, which the contexts are of */
export const hookAblations = Effect.fn("hookAblations")(function* (
  activations: ActivationsHandle,
  model: RunnableModel,
  { contexts }: EvaluationContexts,
  options: { readonly kl: boolean; readonly onContexts?: (done: number) => void }
) {
  const rng = Rng.make(0, "ablations")
  const rows = yield* ablatedRows((yield* openActivations(activations)).held_out, activations.d_in, rng)
  const sums = yield* measureAblations(model, activations.hook, rows, contexts, { ...options, rng })
  if (sums.ce.clean.includes(null)) {
    return yield* stageFailed(
      "the cross-entropy of the model as it is is not finite",
      "The model cannot be measured on."
    )
  }
  return sums
})
