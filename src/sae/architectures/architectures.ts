/** The architectures that can be trained, by name. */
import type { Architecture } from "../architecture.ts"
import { batchTopk } from "./batch-topk.ts"
import { gated } from "./gated.ts"
import { jumprelu } from "./jumprelu.ts"
import { matryoshkaBatchTopk } from "./matryoshka-batch-topk.ts"
import { pAnneal } from "./p-anneal.ts"
import { standard } from "./standard.ts"
import { topk } from "./topk.ts"
import type { ArchitectureName } from "../settings/training-options.ts"

export const architectures: Readonly<Record<ArchitectureName, Architecture>> = {
  topk,
  batch_topk: batchTopk,
  matryoshka_batch_topk: matryoshkaBatchTopk,
  standard,
  p_anneal: pAnneal,
  jumprelu,
  gated
}
