/** TopK: the k largest pre-activations of each row, in training and in use. Gao et al. 2024, arXiv 2406.04093, 2.3. */
import { topKRows } from "../tensor/sparse-kernels.ts"
import type { Architecture } from "./architecture.ts"

export const topk: Architecture = {
  name: "topk",
  select: topKRows,
  activation: (k) => ({ type: "topk", k }),
  threshold: false
}
