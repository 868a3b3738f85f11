/**
 * What latents of an MLP's transcoder read, without any input (Dunefsky et al. 2406.11944): an encoder's row pulled back through the
 * MLP's normalisation into the residual stream, and from there to embeddings and to decoders of earlier latents. What a
 * normalisation divides by depends on the input, and is left out: it is one factor for all that a row reads.
 */
import * as tf from "@tensorflow/tfjs-core"
import { timesRows } from "../../model/blocks/matrix-rows.ts"
import type { RunnableModel } from "../../model/run-model.ts"
import type { MlpTranscoder } from "./transcoder-set.ts"

/** Encoders in the residual stream: [latents, d_model]. The caller's. */
export const residualEncoders = (
  model: RunnableModel,
  { reads, model: sae }: MlpTranscoder,
  layer: number
): tf.Tensor2D =>
  tf.tidy(() => {
    const norm = model.weights.blocks[layer]?.mlpNorm
    if (norm === undefined || !reads.endsWith("mlp.hook_in")) return tf.clone(sae.W_enc_T)
    const scaled = tf.mul<tf.Tensor2D>(sae.W_enc_T, norm.weight)
    return model.norm.kind === "rms" ? scaled : tf.sub(scaled, tf.mean(scaled, 1, true))
  })

/** How strongly each latent reads each token's embedding: [latents, tokens], row-major. Synchronous. */
export const deEmbedding = (
  model: RunnableModel,
  encoders: tf.Tensor2D,
  latents: ReadonlyArray<number>
): Float32Array =>
  tf.tidy(() => {
    const chosen = tf.gather(encoders, tf.tensor1d([...latents], "int32"))
    const products = timesRows(chosen, model.weights.embedding)
    return tf.mul(products, model.embeddingScale).dataSync<"float32">().slice()
  })

/** How strongly latents read what an earlier transcoder's latents write: [latents, its latents], row-major. Synchronous. */
export const virtualWeights = (
  encoders: tf.Tensor2D,
  latents: ReadonlyArray<number>,
  earlier: MlpTranscoder
): Float32Array =>
  tf.tidy(() => {
    const chosen = tf.gather(encoders, tf.tensor1d([...latents], "int32"))
    return tf.matMul(chosen, earlier.model.W_dec, false, true).dataSync<"float32">().slice()
  })
