/** What an absorption figure is not to be read without. */
import type { AbsorptionFile } from "../../kinds/absorption.ts"

/** Why ablations, which were asked for, gave no rate; undefined where they gave one or nobody asked. */
export const whyNoRate = ({ rate_unmeasured: why, word_effect: asked }: AbsorptionFile): string | undefined =>
  why === null || asked === null ? undefined : why

/** A word or two for the cell of the number itself; the sentences stand above the table. */
export const caveatOf = (absorption: AbsorptionFile): string | undefined => {
  if (absorption.warnings.length > 0) return "SAE undertrained"
  return whyNoRate(absorption) === undefined ? undefined : "not by ablation"
}
