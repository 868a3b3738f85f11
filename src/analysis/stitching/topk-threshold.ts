/**
 * The threshold that stands in for a TopK SAE's per-row selection: the mean over rows of the row's smallest active
 * value, as dictionary_learning estimates it while it trains. Per-row TopK makes each latent depend on all others, a
 * threshold does not.
 */
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { LatentCodes } from "../latent-codes.ts"

export interface TopkThreshold {
  /** Codes of the TopK SAE with its own selection. */
  readonly add: (codes: LatentCodes) => void
  /** @throws RangeError when no row had an active latent */
  readonly finish: () => number
}

export const topkThreshold = (): TopkThreshold => {
  let sum = 0
  let rows = 0
  const add = ({ rows: n, offsets, values }: LatentCodes): void => {
    for (let r = 0; r < n; r++) {
      if (offsets[r] === offsets[r + 1]) continue
      let least = Number.POSITIVE_INFINITY
      for (let at = offsets[r]!; at < offsets[r + 1]!; at++) least = Math.min(least, values[at]!)
      sum += least
      rows++
    }
  }
  return {
    add,
    finish: () => {
      if (rows === 0) throw new RangeError("no latent of the TopK SAE is active on any row")
      return sum / rows
    }
  }
}

/** The SAE with a threshold for all latents in place of its own selection: none depends on another any more. */
export const withThreshold = (sae: SaeWeights, threshold: number): SaeWeights => ({
  ...sae,
  activation: { type: "jumprelu" },
  threshold: new Float32Array(sae.d_sae).fill(threshold)
})
