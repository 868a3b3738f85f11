/** TopK: the k largest pre-activations of each row, in training and in use. Gao et al. 2024, arXiv 2406.04093, 2.3. */
import type * as tf from "@tensorflow/tfjs-core"
import { topKRows } from "../tensor/sparse-kernels.ts"
import type { SparseCodes } from "../tensor/sparse-pattern.ts"
import type { Architecture, Batch, BatchLoss } from "./architecture.ts"
import { sparseLoss } from "./sparse-loss.ts"
import { reconstructionWeight } from "./training-options.ts"

/** The loss of an SAE that keeps the relu of the pairs chosen here. */
export const chosenLoss = (batch: Batch, select: (pre: tf.Tensor2D) => SparseCodes): BatchLoss => {
  const { x, W_enc, b_enc, W_dec, b_dec, dead, options, variance } = batch
  const weight = reconstructionWeight(options, variance, x.shape[1])
  const { loss, mse, aux_loss, codes, activations, gradients } = sparseLoss({
    x,
    W_enc,
    b_enc,
    W_dec,
    b_dec,
    select,
    variance: 1 / weight,
    dead,
    k_aux: options.k_aux,
    aux_coefficient: options.aux_coefficient,
    aux_kind: options.aux_loss
  })
  codes.value.dispose()
  return { loss, mse, aux_loss, pattern: codes, activations, gradients: { ...gradients, extras: {} } }
}

export const topk: Architecture = {
  name: "topk",
  extras: () => ({}),
  memory: () => ({}),
  loss: (batch) => chosenLoss(batch, (pre) => topKRows(pre, batch.options.k)),
  latents: ({ b_enc }, { k }) => ({ type: "topk", b_enc, k, rescale: false, threshold: null }),
  threshold: false
}
