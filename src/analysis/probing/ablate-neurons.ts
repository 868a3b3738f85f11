/** What a model loses, token by token, where one number of a hook's activation is held at its mean. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import { tokenLosses } from "../../model/unembed.ts"
import { contextBatches, lastHook } from "../../sae/evaluate/context-batch.ts"
import type { EvaluationContext } from "../../sae/evaluate/evaluation-contexts.ts"
import { breathe } from "../../stage/breathe.ts"

export interface AblatedLosses {
  /** Nats of each counted prediction, in the order of contexts and tokens. */
  readonly clean: Float64Array
  /** The same of each neuron. */
  readonly ablated: ReadonlyArray<Float64Array>
}

/**
 * @param layer block of the hook: what comes before it runs once for all neurons
 * @param mean [width] of the hook's activation
 */
export const ablateNeurons = Effect.fnUntraced(function* (
  model: RunnableModel,
  { hook, layer, mean }: { readonly hook: string; readonly layer: number; readonly mean: Float64Array },
  neurons: ReadonlyArray<number>,
  contexts: ReadonlyArray<EvaluationContext>,
  onContexts: (done: number) => void
) {
  const total = contexts.reduce((sum, { counted }) => sum + counted.reduce((n, x) => n + x, 0), 0)
  const clean = new Float64Array(total)
  const ablated = neurons.map(() => new Float64Array(total))
  const before = `blocks.${layer}.hook_resid_pre`
  let [done, from] = [0, 0]
  for (const part of contextBatches(contexts)) {
    const time = part[0]!.ids.length
    const ids = new Int32Array(part.length * time)
    const at: Array<number> = []
    for (const [c, context] of part.entries()) {
      ids.set(context.ids, c * time)
      for (const [p, counts] of context.counted.entries()) if (counts === 1) at.push(c * time + p)
    }
    const targets = Int32Array.from(at, (position) => ids[position + 1]!)
    const tokens = { ids, batch: part.length, time }
    const lossesOf = (normalized: tf.Tensor): Float64Array => {
      const rows = tf.reshape<tf.Rank.R2>(normalized, [ids.length, model.info.d_model])
      return tokenLosses(model, tf.gather(rows, tf.tensor1d(at, "int32")), targets)
    }
    tf.tidy(() => {
      const { activations } = runModel(model, tokens, { hooks: [before, lastHook] })
      clean.set(lossesOf(activations[lastHook]!), from)
      const residual = activations[before]!
      for (const [n, neuron] of neurons.entries()) {
        tf.tidy(() => {
          const keep = tf.tensor1d(Float32Array.from(mean, (_, i) => (i === neuron ? 0 : 1)))
          const held = tf.tensor1d(Float32Array.from(mean, (x, i) => (i === neuron ? x : 0)))
          const without = runModel(model, tokens, {
            hooks: [lastHook],
            replace: { [before]: residual, [hook]: (own) => tf.add(tf.mul(own, keep), held) }
          }).activations[lastHook]!
          ablated[n]!.set(lossesOf(without), from)
          without.dispose()
        })
      }
      tf.dispose(activations)
    })
    from += at.length
    done += part.length
    onContexts(done)
    yield* breathe
  }
  const losses: AblatedLosses = { clean, ablated }
  return losses
})
