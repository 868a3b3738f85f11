/**
 * What an SAE's output does to the model that it stands in: the KL divergence from the model as it is, or the next-token
 * cross-entropy, with the output in the activation's place, and the gradient by that output. Braun et al. 2024, arXiv
 * 2405.12241, section 2; only masked tokens (BOS, separators, held-out documents) keep their activations.
 */
import * as tf from "@tensorflow/tfjs-core"
import { logitGradient } from "../../model/logit-gradient.ts"
import { type RunnableModel, runModel } from "../../model/run-model.ts"

export type Objective = "kl" | "ce"

/** Whole contexts, and which of their tokens are replaced and which predictions count, as in `EvaluationContext`. */
export interface SplicedContexts {
  /** [batch * time] */
  readonly ids: Int32Array
  readonly batch: number
  readonly time: number
  /** Indices of the tokens, ascending. */
  readonly spliced: Int32Array
  readonly counted: Int32Array
}

export interface CleanPass {
  /** Activations of the spliced tokens, [n, d]. Owned by the caller. */
  readonly rows: tf.Tensor2D
  /** Of the hook, [batch, time, d], and log-probabilities [batch * time, vocabulary]. Owned by the caller. */
  readonly activation: tf.Tensor
  readonly logs: tf.Tensor2D
}

/** The model as it is. */
export const cleanPass = (model: RunnableModel, hook: string, contexts: SplicedContexts): CleanPass => {
  const { ids, batch, time, spliced } = contexts
  const { activations, logits } = runModel(model, { ids, batch, time }, { hooks: [hook], logits: true })
  const activation = activations[hook] as tf.Tensor
  const rows = tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R2>(activation, [batch * time, -1])
    return tf.gather(flat, tf.tensor1d(spliced, "int32"))
  })
  const logs = tf.tidy(() => tf.logSoftmax(tf.reshape<tf.Rank.R2>(logits as tf.Tensor3D, [batch * time, -1])))
  ;(logits as tf.Tensor3D).dispose()
  return { rows, activation, logs }
}

export interface EndToEnd {
  /** Nats a counted prediction. */
  readonly value: number
  /** By every number of the output, [n, d]. Owned by the caller. */
  readonly gradient: tf.Tensor2D
}

/** @param output in place of the spliced tokens' activations, [n, d]; not disposed */
export const endToEndGradient = (
  model: RunnableModel,
  hook: string,
  contexts: SplicedContexts,
  { activation, logs }: CleanPass,
  output: tf.Tensor2D,
  objective: Objective
): EndToEnd => {
  const { ids, batch, time, spliced, counted } = contexts
  const [n, d] = output.shape
  const tokens = batch * time
  const { at, weights } = tf.tidy(() => {
    const where = tf.tensor2d(spliced, [n, 1], "int32")
    const swapped = tf.scatterND(where, output, [tokens, d])
    const kept = tf.scatterND(where, tf.ones([n, 1]), [tokens, 1])
    const flat = tf.reshape<tf.Rank.R2>(activation, [tokens, d])
    const perToken = new Float32Array(tokens)
    for (const p of counted) perToken[p] = 1 / counted.length
    return {
      at: tf.reshape(tf.add(swapped, tf.mul(flat, tf.sub(1, kept))), activation.shape),
      weights: tf.tensor2d(perToken, [tokens, 1])
    }
  })
  const next = Int32Array.from(ids, (_, p) => ids[p + 1] ?? 0)
  const scalar = (logits: tf.Tensor3D): tf.Scalar => {
    const own = tf.logSoftmax(tf.reshape<tf.Rank.R2>(logits, [tokens, logits.shape[2]]))
    if (objective === "kl") return tf.sum(tf.mul(tf.mul(tf.exp(logs), tf.sub(logs, own)), weights))
    const wanted = tf.oneHot(tf.tensor1d(next, "int32"), logits.shape[2])
    return tf.neg(tf.sum(tf.mul(tf.mul(own, wanted), weights)))
  }
  const { value, gradient, activation: taken } = logitGradient(model, { ids, batch, time }, { hook, scalar, at })
  const rows = tf.tidy(() => {
    const flat = tf.reshape<tf.Rank.R2>(gradient, [tokens, d])
    return tf.gather(flat, tf.tensor1d(spliced, "int32"))
  })
  tf.dispose([at, weights, gradient, taken])
  return { value, gradient: rows }
}
