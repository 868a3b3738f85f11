/** An SAE whose latents do not depend on each other: what can be stitched. */
import * as Effect from "effect/Effect"
import { activationType } from "../../kinds/sae/latents/latents.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import { openSaeModel } from "../../sae/sae-model.ts"
import { stageFailed } from "../../stage/stage-failed.ts"
import { encodeLatents } from "../latent-codes.ts"
import { topkThreshold, withThreshold } from "./topk-threshold.ts"

/** Rows by batch, read as often as asked. */
export interface RowBatches<E> {
  readonly batches: number
  /** Batch `index`: [rows, d_in], row-major. */
  readonly read: (index: number) => Effect.Effect<Float32Array<ArrayBuffer>, E>
}

/** What is said where a threshold stands in for a TopK SAE's own choice; undefined where nothing does. @param name of the SAE */
export const standsIn = (name: string, threshold: number | null): string | undefined =>
  threshold === null
    ? undefined
    : `${name} chooses its latents row by row (TopK), so that each depends on all others: here a threshold of ${threshold.toPrecision(4)}, the mean ` +
      "of the rows' smallest active values, stands in for that, and figures are of the SAE with it; batch_topk and jumprelu bring one of their own"

/** A TopK SAE with the threshold that `topkThreshold` finds on rows; any other SAE as it is. */
export const standingAlone = Effect.fnUntraced(function* <E>(sae: SaeWeights, rows: RowBatches<E>) {
  if (activationType(sae.activation).activations === "independent") return { sae, threshold: null }
  if (sae.activation.type !== "topk") {
    return yield* stageFailed(
      `the latents of a ${sae.activation.type} SAE depend on each other, so they cannot move into another one`,
      "Stitch SAEs with ReLU, JumpReLU, BatchTopK, Gated or TopK latents."
    )
  }
  const estimate = topkThreshold()
  const model = yield* openSaeModel(sae)
  for (let index = 0; index < rows.batches; index++) estimate.add(encodeLatents(yield* rows.read(index), model))
  const threshold = estimate.finish()
  return { sae: withThreshold(sae, threshold), threshold }
}, Effect.scoped)
