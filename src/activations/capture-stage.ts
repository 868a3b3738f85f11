/** The stage capture-activations: the hooks of one pass over one text. */
import * as Effect from "effect/Effect"
import type { StageContext } from "../stage/stage-context.ts"
import { captureActivations } from "./capture-activations.ts"
import { type CaptureInputs, type CaptureParams, captureRequests } from "./capture-request.ts"

export const captureStage = Effect.fnUntraced(function* (
  members: ReadonlyArray<StageContext<CaptureParams, unknown, CaptureInputs>>
) {
  const { models, captures, tokens, differences } = yield* captureRequests(members)
  const captured = yield* captureActivations(models, tokens, captures)
  return members.map(({ log }, i) => {
    const { train, held_out: heldOut, masked, outliers, mean_norm } = captured[i] as (typeof captured)[number]
    const d_in = captures[i]?.d_in as number
    log(
      `${train} training rows and ${heldOut} held-out rows of ${d_in} numbers; ${masked} tokens of no document and ` +
        `${outliers} of outlying norm left out`
    )
    const difference = differences?.[i]
    if (difference !== undefined) {
      log(`rows in bf16 differ from those in f32 by ${(100 * difference).toFixed(2)} % of their norm`)
    }
    const precision_difference = difference ?? { unmeasured: "the model is computed in f32" }
    return { rows: train + heldOut, held_out_rows: heldOut, d_in, mean_norm, outliers, precision_difference }
  })
})
