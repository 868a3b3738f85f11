/**
 * BatchTopK: the k * rows largest pre-activations of the whole batch, so that rows may use more or fewer than k. In use
 * a row stands alone: latents above one threshold fire, the mean over batches of the smallest activation that was
 * chosen. Bussmann, Leask and Nanda 2024, arXiv 2412.06410, section 3.
 */
import type { Architecture } from "../architecture.ts"
import { chosenLoss } from "./topk.ts"

export const batchTopk: Architecture = {
  name: "batch_topk",
  extras: () => ({}),
  memory: () => ({}),
  loss: (batch) => chosenLoss(batch, "batch"),
  latents: ({ b_enc, threshold }, { k }) => ({ type: "batch_topk", b_enc, k, threshold, groups: null }),
  threshold: true
}
