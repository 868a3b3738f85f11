/** The architectures that can be trained, by name. */
import type { Architecture } from "./architecture.ts"
import { batchTopk } from "./batch-topk.ts"
import { topk } from "./topk.ts"
import type { TrainingOptions } from "./training-options.ts"

export const architectures: Readonly<Record<TrainingOptions["architecture"], Architecture>> = {
  topk,
  batch_topk: batchTopk
}
