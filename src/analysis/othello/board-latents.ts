/**
 * How well single latents tell what is on a square: for every square and state the largest area under the ROC curve of a
 * latent's activation as a score of "the square is in that state" (He et al. 2024, arXiv 2402.12201; published counts: those above 0.9 of 180).
 */
import { squares } from "../../othello/othello-board.ts"
import type { LatentCodes } from "../latent-codes.ts"
import { states } from "./board-labels.ts"

/** Fewer rows of either class give no area. */
const leastRows = 10

/** [64 * 3] largest area of a latent, by square and state; NaN where there are too few rows of either class. */
export const bestAreas = (
  { d_sae, rows, offsets, latents, values }: LatentCodes,
  boards: ReadonlyArray<Uint8Array>
): { readonly area: Float64Array; readonly latent: Int32Array } => {
  const targets = squares * states.length
  const positives = new Float64Array(targets)
  for (const board of boards) for (let s = 0; s < squares; s++) positives[3 * s + board[s]!]! += 1
  const firings = Array.from({ length: d_sae }, () => new Array<readonly [row: number, value: number]>())
  for (let row = 0; row < rows; row++) {
    for (let i = offsets[row]!; i < offsets[row + 1]!; i++) firings[latents[i]!]!.push([row, values[i]!])
  }
  const area = new Float64Array(targets).fill(Number.NaN)
  const latent = new Int32Array(targets).fill(-1)
  for (const [id, fired] of firings.entries()) {
    if (fired.length === 0) continue
    fired.sort(([, a], [, b]) => b - a)
    // By falling activation: pairs (positive, negative) in the right order, ties half; rows where it is silent are one tie.
    const seen = new Float64Array(targets)
    const right = new Float64Array(targets)
    for (let i = 0; i < fired.length;) {
      const from = i
      const group = new Float64Array(targets)
      for (; i < fired.length && fired[i]![1] === fired[from]![1]; i++) {
        const board = boards[fired[i]![0]]!
        for (let s = 0; s < squares; s++) group[3 * s + board[s]!]! += 1
      }
      for (let t = 0; t < targets; t++) {
        right[t]! += (i - from - group[t]!) * (seen[t]! + group[t]! / 2)
        seen[t]! += group[t]!
      }
    }
    for (let t = 0; t < targets; t++) {
      const [p, silent] = [positives[t]!, positives[t]! - seen[t]!]
      const negatives = rows - p
      if (Math.min(p, negatives) < leastRows) continue
      const of = (right[t]! + (rows - fired.length - silent) * (seen[t]! + silent / 2)) / (p * negatives)
      if (!(of <= area[t]!)) {
        area[t] = of
        latent[t] = id
      }
    }
  }
  return { area, latent }
}
