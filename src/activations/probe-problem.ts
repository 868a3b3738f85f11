/** Whether a model still gives the rows that it gave when they were captured and not stored. */
import { createHash } from "node:crypto"
import type { ActivationsProbe } from "../kinds/activations/activations-handle.ts"
import type { HookValues } from "./hook-pass.ts"

/** How far, as a share of the mean norm, a model on another engine may be from the one that was probed. */
const tolerance = 1e-3

/**
 * What is wrong with the rows of the first block, [tokens, d_in]; undefined where they are those of the probe, to the bit or,
 * by their mean norm, as another engine rounds them.
 *
 * @param kinds of each token; 0 where it has no row
 */
export const probeProblem = (
  probe: ActivationsProbe,
  { values, norms }: HookValues,
  kinds: Uint8Array
): string | undefined => {
  const d_in = values.length / kinds.length
  const hash = createHash("sha256")
  let [rows, sum] = [0, 0]
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === 0) continue
    hash.update(values.subarray(i * d_in, (i + 1) * d_in))
    rows += 1
    sum += norms[i] as number
  }
  if (rows === probe.rows && hash.digest("hex") === probe.sha256) return undefined
  const mean = rows === 0 ? 0 : sum / rows
  if (rows === probe.rows && Math.abs(mean - probe.mean_norm) <= tolerance * probe.mean_norm) return undefined
  return (
    `the model gives other activations here than when they were captured: mean norm ${mean} over ${rows} rows, ` +
    `then ${probe.mean_norm} over ${probe.rows}; capture again`
  )
}
