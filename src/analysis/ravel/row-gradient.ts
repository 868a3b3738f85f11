/** How the answers that are wanted depend on the entities' rows. */
import * as tf from "@tensorflow/tfjs-core"
import { passGradient } from "../../model/pass-gradient.ts"
import { runModel } from "../../model/run-model.ts"
import { unembed } from "../../model/unembed.ts"
import { type EntityPair, wanted } from "./entity-pairs.ts"
import { finalHook, rowsAt, tokenBatch, withRowsAt } from "./prompt-runs.ts"
import type { SwapSetting } from "./swapped-rows.ts"

/**
 * Call in a tidy.
 *
 * @param rows [pairs, d_in]: in place of the base entities' rows
 * @returns mean cross-entropy of the answers' first tokens, nats, and its gradient by these rows
 */
export const rowGradient = (
  { model, hook }: SwapSetting,
  pairs: ReadonlyArray<EntityPair>,
  rows: tf.Tensor2D
): { readonly loss: number; readonly byRow: tf.Tensor2D } => {
  const bases = pairs.map(({ base }) => base)
  const places = bases.map(({ place }) => place)
  const tokens = tokenBatch(bases)
  const { activations } = runModel(model, tokens, { hooks: [hook] })
  const own = activations[hook] as tf.Tensor
  const answers = tf.oneHot(
    tf.tensor1d(
      pairs.map((pair) => wanted(pair).first),
      "int32"
    ),
    model.info.d_vocab
  )
  const { value, gradient, activation } = passGradient(model, tokens, {
    hook,
    at: withRowsAt(own, places, rows),
    wants: { hooks: [finalHook] },
    scalar: (result) => {
      const last = rowsAt(
        result.activations[finalHook] as tf.Tensor,
        bases.map(({ ids }) => ids.length - 1)
      )
      return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(unembed(model, last)), answers), 1)))
    }
  })
  const byRow = rowsAt(gradient, places)
  tf.dispose([own, gradient, activation])
  return { loss: value, byRow }
}
