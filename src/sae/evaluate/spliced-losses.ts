/**
 * What reconstructions cost the model: its losses with each SAE's reconstruction in place of the activation. The model runs up
 * to the hook once for all SAEs, and from there once for each. A transcoder's output takes the place of the activation that it
 * was trained to give.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { SaeModel } from "../sae-model.ts"
import { contextBatches, lastHook, makeContextBatch } from "./context-batch.ts"
import type { EvaluationContext } from "./evaluation-contexts.ts"

/** Where an SAE reads, and where its output belongs: another hook for transcoders. */
export interface SaeHooks {
  readonly from: string
  readonly to: string
}

/** Of each context: nats, summed over its counted predictions. */
export interface SplicedSums {
  readonly ce: ReadonlyArray<number>
  /** KL(clean || with the reconstruction); undefined where it was not asked for. */
  readonly kl: ReadonlyArray<number> | undefined
}

/** @param contexts at least one, all of one length. @returns one for each SAE */
export const splicedLosses = Effect.fn("splicedLosses")(function* (
  model: RunnableModel,
  saes: ReadonlyArray<SaeModel>,
  { from, to }: SaeHooks,
  contexts: ReadonlyArray<EvaluationContext>,
  options: { readonly kl: boolean; readonly onContexts?: (done: number) => void }
) {
  const sums = saes.map((sae) => ({ sae, ce: new Array<number>(), kl: new Array<number>() }))
  let done = 0
  for (const part of contextBatches(contexts)) {
    tf.tidy(() => {
      const batch = makeContextBatch(model, part)
      const asItIs = batch.run({ hooks: options.kl ? [from, to, lastHook] : [from, to] })
      const clean = options.kl ? batch.predicting(asItIs[lastHook]) : undefined
      for (const { sae, ce, kl } of sums) {
        tf.tidy(() => {
          const y = sae.reconstruct(tf.reshape(asItIs[from]!, [batch.tokens, sae.d_in]))
          const there = batch.replacedBy(to, asItIs[to]!, y)
          ce.push(...batch.losses(there))
          if (clean !== undefined) kl.push(...batch.divergences(clean, there))
        })
      }
      tf.dispose(asItIs)
    })
    done += part.length
    options.onContexts?.(done)
    yield* breathe
  }
  return sums.map(({ ce, kl }): SplicedSums => ({ ce, kl: options.kl ? kl : undefined }))
})
