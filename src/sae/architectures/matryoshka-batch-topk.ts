/**
 * Matryoshka BatchTopK: latents in groups, and every prefix of groups reconstructs the row as well as it can, so that
 * early latents stay general. BatchTopK chooses once, from all latents.
 *
 *   x_hat_g = sum_{h <= g} f_h W_dec_h + b_dec,   loss = sum_g omega_g |x - x_hat_g|^2 + alpha AuxK of the last residual
 *
 * Bussmann, Nabeshima, Karvonen and Nanda 2025, arXiv 2503.17547, section 3; dictionary_learning
 * `trainers/matryoshka_batch_top_k.py`. Every pair is decoded and given its gradient once, as in BatchTopK.
 */
import type { Architecture, Batch, BatchLoss } from "../architecture.ts"
import { chosenLoss } from "./topk.ts"
import type { ResolvedOptions } from "../settings/training-options.ts"

/** Latents of each group: the shares rounded down, the rest in the last. */
export const groupSizes = ({ groups, d_sae }: Pick<ResolvedOptions, "groups" | "d_sae">): ReadonlyArray<number> => {
  const sizes = groups.slice(0, -1).map((share) => Math.floor(share * d_sae))
  return [...sizes, d_sae - sizes.reduce((sum, n) => sum + n, 0)]
}

const prefixWeight = ({ prefix_weights, groups }: ResolvedOptions): number =>
  ({ sum: 1, mean: 1 / groups.length, mean_of_mean: 1 / groups.length ** 2 })[prefix_weights]

const loss = (batch: Batch): BatchLoss => {
  const { options } = batch
  let end = 0
  const ends = Int32Array.from(groupSizes(options), (size) => (end += size))
  return chosenLoss(batch, "batch", {
    ends,
    weight: prefixWeight(options)
  })
}

export const matryoshkaBatchTopk: Architecture = {
  name: "matryoshka_batch_topk",
  extras: () => ({}),
  memory: () => ({}),
  loss,
  latents: ({ b_enc, threshold }, options) => ({
    type: "batch_topk",
    b_enc,
    k: options.k,
    threshold,
    groups: groupSizes(options)
  }),
  threshold: true
}
