/**
 * A latent against a rule that tokens keep or break, as Towards Monosemanticity holds a latent against a proxy for what it
 * seems to be of ("Detailed investigations": Arabic script, base64): specificity, of what it fires on how much keeps
 * the rule; sensitivity, of what keeps the rule how much it fires on.
 */
import type { LatentCodes } from "../latent-codes.ts"

export interface RuleCounts {
  /** Rows that keep the rule and fire the latent; keep it; fire it; all rows. */
  readonly both: number
  readonly keeping: number
  readonly firing: number
  readonly rows: number
}

export interface RuleFigures {
  /** Share of the rows that fire it which keep the rule. */
  readonly precision: number
  /** Share of the rows that keep the rule which fire it. */
  readonly sensitivity: number
  /** Share of the rows that break the rule which do not fire it. */
  readonly specificity: number
  /** sensitivity + specificity - 1: 0 for a latent that has nothing to do with the rule, whatever its density. */
  readonly youden: number
}

export const ruleFigures = ({ both, keeping, firing, rows }: RuleCounts): RuleFigures => {
  const sensitivity = both / keeping
  const specificity = 1 - (firing - both) / (rows - keeping)
  return { precision: both / firing, sensitivity, specificity, youden: sensitivity + specificity - 1 }
}

/**
 * The latent of the largest Youden's J, the first of equals.
 *
 * @param keeps of each row, whether its token keeps the rule
 * @returns -1 where no latent fires
 */
export const bestLatent = ({ rows, d_sae, offsets, latents }: LatentCodes, keeps: Uint8Array): number => {
  const [firing, both] = [new Float64Array(d_sae), new Float64Array(d_sae)]
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) {
      firing[latents[i]!]! += 1
      both[latents[i]!]! += keeps[row]!
    }
  }
  const keeping = keeps.reduce((sum, keep) => sum + keep, 0)
  let [best, largest] = [-1, Number.NEGATIVE_INFINITY]
  for (let latent = 0; latent < d_sae; latent++) {
    if (firing[latent] === 0) continue
    const { youden } = ruleFigures({ both: both[latent]!, keeping, firing: firing[latent]!, rows })
    if (youden > largest) [best, largest] = [latent, youden]
  }
  return best
}

/** Of each row, whether a latent fires. */
export const firingRows = ({ rows, offsets, latents }: LatentCodes, latent: number): Uint8Array =>
  Uint8Array.from({ length: rows }, (_, row) =>
    latents.subarray(offsets[row], offsets[row + 1]).includes(latent) ? 1 : 0
  )
