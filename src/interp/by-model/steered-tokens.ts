/**
 * What the model says next where a latent is raised (TokenChange, 2501.08319): the latent's direction is added at every token of some texts, and the
 * mean change of the logits tells which tokens that makes likelier. The mean is taken of the final states, of which logits are a
 * linear function; where they are capped, order is by what stands below the cap.
 */
import * as tf from "@tensorflow/tfjs-core"
import { timesRows } from "../../model/blocks/matrix-rows.ts"
import { runModel, type RunnableModel, type TokenBatch } from "../../model/run-model.ts"
import { tidily } from "../../tensor/tidily.ts"
import type { DecoderDirections } from "../dictionary.ts"
import { extremeTokens, type LogitWeights } from "../logit-weights.ts"

const finalHook = "ln_final.hook_normalized"

export interface SteeredTexts extends TokenBatch {
  /** Tokens at the start of each context that are left as they are: the BOS. */
  readonly leading: number
}

/** Means over all tokens but the leading ones, [1, d_model]. */
const meanState = (model: RunnableModel, texts: SteeredTexts, replace: Parameters<typeof runModel>[2]["replace"]) => {
  const { leading, batch, time } = texts
  const { activations } = runModel(model, texts, { hooks: [finalHook], ...(replace && { replace }) })
  const final = activations[finalHook] as tf.Tensor3D
  const mean = tf.tidy(() =>
    tf.mean(
      tf.reshape<tf.Rank.R2>(tf.slice(final, [0, leading, 0], [batch, time - leading, -1]), [-1, model.info.d_model]),
      0,
      true
    )
  )
  final.dispose()
  return mean as tf.Tensor2D
}

/** Of a latent: what is added of its direction, and the tokens that this makes likelier. Synchronous; `end` frees what it holds. */
export interface SteeredTokens {
  readonly of: (latent: number, value: number) => LogitWeights
  readonly end: () => void
}

/** @param count tokens listed on each side */
export const steeredTokens = (
  model: RunnableModel,
  { hook, W_dec, d_out, scale }: DecoderDirections,
  texts: SteeredTexts,
  count: number
): SteeredTokens => {
  const { batch, leading, time } = texts
  const places = Float32Array.from({ length: time }, (_, t) => (t < leading ? 0 : 1))
  const plain = meanState(model, texts, undefined)
  const of: SteeredTokens["of"] = (latent, value) =>
    tidily(() => {
      const direction = tf.mul(tf.tensor3d(W_dec.subarray(latent * d_out, (latent + 1) * d_out), [1, 1, d_out]), value)
      const added = tf.mul(direction, tf.tensor3d(places, [1, time, 1]))
      /** The same at every row, or times each row's own scale. */
      const addedTo = (x: tf.Tensor): tf.Tensor => {
        const by = scale?.(tf.reshape<tf.Rank.R2>(x, [batch * time, d_out]))
        return by === undefined ? added : tf.mul(added, by.rank === 0 ? by : tf.reshape(by, [batch, time, 1]))
      }
      const raised = meanState(model, texts, {
        [hook]: (x) => tf.reshape(tf.add(tf.reshape<tf.Rank.R3>(x, [batch, time, d_out]), addedTo(x)), x.shape)
      })
      const logits = timesRows(tf.sub<tf.Tensor2D>(raised, plain), model.weights.unembedding)
      raised.dispose()
      return extremeTokens(Float32Array.from(tf.sub(logits, tf.mean(logits)).dataSync<"float32">()), count)
    })
  return { of, end: () => plain.dispose() }
}
