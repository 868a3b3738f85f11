/** How badly an SAE whose latents are relu(z) reconstructs each row of a batch. */
import * as tf from "@tensorflow/tfjs-core"
import { encoderInput, pairsAbove } from "../loss/active-pass.ts"
import type { Batch } from "../architecture.ts"
import { decodePairs } from "../loss/code-products.ts"

/** x - b_dec [rows, d_in], and |x - x_hat| of each row. */
export const rowErrors = (
  batch: Batch
): { readonly centred: Float32Array; readonly errors: Float64Array<ArrayBuffer> } => {
  const { x, b_enc, W_dec, b_dec } = batch
  const input = encoderInput(batch)
  const { pattern, z } = pairsAbove(batch, input, b_enc, 0)
  input.dispose()
  const [difference, norms] = tf.tidy(() => {
    const centred = tf.sub<tf.Tensor2D>(x, b_dec)
    return [centred, tf.norm(tf.sub(centred, decodePairs(pattern, z, W_dec)), 2, 1)] as const
  })
  const result = { centred: difference.dataSync<"float32">(), errors: Float64Array.from(norms.dataSync<"float32">()) }
  tf.dispose([difference, norms])
  return result
}
