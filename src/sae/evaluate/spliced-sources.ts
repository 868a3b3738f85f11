/**
 * What a crosscoder costs the models that its sources are of: it reads the activations of all of them on the same tokens, and its
 * reconstruction of each takes that one's place in its own model.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import { breathe } from "../../stage/breathe.ts"
import type { SaeModel } from "../sae-model.ts"
import { contextBatches, lastHook, makeContextBatch } from "./context-batch.ts"
import type { EvaluationContext } from "./evaluation-contexts.ts"
import type { SplicedSums } from "./spliced-losses.ts"

/** A source in its model, where rows have `width` numbers. */
export interface SplicedSource {
  readonly model: RunnableModel
  readonly hook: string
  readonly width: number
}

/**
 * @param sources in the order of the crosscoder's columns
 * @param contexts at least one, all of one length
 * @returns one for each source
 */
export const splicedSources = Effect.fn("splicedSources")(function* (
  sources: ReadonlyArray<SplicedSource>,
  crosscoder: SaeModel,
  contexts: ReadonlyArray<EvaluationContext>,
  onContexts: (done: number) => void = () => {}
) {
  const sums = sources.map(() => ({ ce: new Array<number>(), kl: new Array<number>() }))
  const widths = sources.map(({ width }) => width)
  let done = 0
  for (const part of contextBatches(contexts)) {
    tf.tidy(() => {
      const runs = sources.map(({ model, hook }) => {
        const batch = makeContextBatch(model, part)
        const asItIs = batch.run({ hooks: [hook, lastHook] })
        return { batch, own: asItIs[hook]!, clean: batch.predicting(asItIs[lastHook]) }
      })
      const rows = runs.map(({ own, batch }, m) => tf.reshape<tf.Rank.R2>(own, [batch.tokens, widths[m]!]))
      const given = tf.split(crosscoder.reconstruct(tf.concat(rows, 1)), widths, 1) as Array<tf.Tensor2D>
      for (const [m, { batch, own, clean }] of runs.entries()) {
        const there = batch.replacedBy(sources[m]!.hook, own, given[m]!)
        sums[m]!.ce.push(...batch.losses(there))
        sums[m]!.kl.push(...batch.divergences(clean, there))
      }
    })
    done += part.length
    onContexts(done)
    yield* breathe
  }
  return sums as ReadonlyArray<SplicedSums>
})
