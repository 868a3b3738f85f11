/** What a batch's gradients are as plain numbers, and that nothing else was left by who made them. */
import * as tf from "@tensorflow/tfjs-core"
import { disposeGradients, type Gradients } from "../../../src/sae/architecture.ts"
import { isLatentGradient, toMatrix } from "../../../src/tensor/kernels/latent-gradient.ts"

type Weights = { readonly W_enc: tf.Tensor2D; readonly W_dec: tf.Tensor2D }

/** By parameter, row-major. Disposes of the gradients. */
export const gradientValues = (gradients: Gradients, weights: Weights): Record<string, ReadonlyArray<number>> => {
  const { extras, W_enc, W_dec, ...others } = gradients
  const matrices = { W_enc: toMatrix(W_enc, weights.W_enc), W_dec: toMatrix(W_dec, weights.W_dec) }
  const values = Object.fromEntries(
    Object.entries({ ...matrices, ...others, ...extras }).map(([name, tensor]) => [name, Array.from(tensor.dataSync())])
  )
  tf.dispose([matrices.W_enc, matrices.W_dec])
  disposeGradients(gradients)
  return values
}

/** Whether the batch's pairs were few enough to stay pairs. */
export const isSparse = ({ W_enc, W_dec }: Gradients): boolean => isLatentGradient(W_enc) && isLatentGradient(W_dec)
