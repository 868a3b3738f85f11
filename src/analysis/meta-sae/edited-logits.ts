/** The next token's logits where the activation of a hook has something added at one position of each context. */
import * as tf from "@tensorflow/tfjs-core"
import { type RunnableModel, runModel } from "../../model/run-model.ts"
import { unembed } from "../../model/unembed.ts"
import type { EvaluationContext } from "../../sae/evaluate/evaluation-contexts.ts"
import type { Firing } from "./collect-firings.ts"

const finalHook = "ln_final.hook_normalized"

/**
 * Synchronous.
 *
 * @param examples in contexts of one length
 * @param directions each [d_in]: added, times the latent's activation, at the positions of the examples
 * @returns logits without a change and with each direction added: [examples, vocabulary]
 */
export const editedLogits = (
  model: RunnableModel,
  hook: string,
  contexts: ReadonlyArray<EvaluationContext>,
  examples: ReadonlyArray<Firing>,
  directions: ReadonlyArray<Float64Array>
): { readonly clean: Float32Array; readonly edited: ReadonlyArray<Float32Array> } => {
  const batch = examples.length
  const time = contexts[examples[0]!.context]!.ids.length
  const ids = new Int32Array(batch * time)
  examples.forEach(({ context }, n) => ids.set(contexts[context]!.ids, n * time))
  const tokens = { ids, batch, time }
  return tf.tidy(() => {
    const asItIs = runModel(model, tokens, { hooks: [hook, finalHook] }).activations
    const own = asItIs[hook]!
    const where = tf.tensor1d(
      examples.map(({ position }, n) => n * time + position),
      "int32"
    )
    const logits = (normalized: tf.Tensor): Float32Array => {
      const rows = tf.gather(tf.reshape<tf.Rank.R2>(normalized, [batch * time, model.info.d_model]), where)
      return unembed(model, rows).dataSync<"float32">().slice()
    }
    const clean = logits(asItIs[finalHook]!)
    const values = own.dataSync<"float32">()
    const d = values.length / (batch * time)
    const edited = directions.map((direction) =>
      tf.tidy(() => {
        const changed = values.slice()
        examples.forEach(({ position, activation }, n) => {
          const start = (n * time + position) * d
          for (let i = 0; i < d; i++) changed[start + i]! += activation * direction[i]!
        })
        const run = runModel(model, tokens, {
          hooks: [finalHook],
          replace: { [hook]: tf.tensor(changed, own.shape) }
        }).activations
        const result = logits(run[finalHook]!)
        tf.dispose(run)
        return result
      })
    )
    tf.dispose(asItIs)
    return { clean, edited }
  })
}
