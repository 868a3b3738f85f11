/**
 * k-sparse probing with detection of feature splits: a letter's best latents (`rankLatents`) are given to a balanced
 * logistic regression, first one, then two, ...; k latents count as a split of the letter while each raises F1 by more
 * than the jump. Source: Chanin et al. 2409.14507, SAEBench.
 */
import { type BalancedLogistic, balancedLogistic } from "../../numeric/balanced-logistic.ts"
import { f1 } from "../../numeric/f1.ts"
import type { LatentCodes } from "../latent-codes.ts"

export interface KSparseProbe {
  /** F1 on the test rows for k = 1, 2, ... */
  readonly f1: ReadonlyArray<number>
  /** The latents of the largest k before F1 failed to rise by more than the jump. */
  readonly split: ReadonlyArray<number>
  /** Whether the probe on these latents denies the letter of a row on which all of them are silent. */
  readonly deniesSilent: boolean
}

/** Column j of the codes, at `rows`. */
const column = ({ offsets, latents, values }: LatentCodes, rows: ArrayLike<number>, j: number): Float64Array =>
  Float64Array.from({ length: rows.length }, (_, n) => {
    for (let at = offsets[rows[n]!]!; at < offsets[rows[n]! + 1]!; at++) if (latents[at] === j) return values[at]!
    return 0
  })

/**
 * @param ranked latents of one letter, best first; as many k are tried
 * @param unit codes are divided by it, so that the penalty does not depend on their scale
 */
export const kSparseProbe = (
  codes: LatentCodes,
  ranked: ReadonlyArray<number>,
  train: { readonly rows: ArrayLike<number>; readonly positive: ReadonlyArray<boolean> },
  test: { readonly rows: ArrayLike<number>; readonly positive: ReadonlyArray<boolean> },
  unit: number,
  jump: number
): KSparseProbe => {
  const columns = (rows: ArrayLike<number>) => ranked.map((j) => column(codes, rows, j).map((value) => value / unit))
  const [trainColumns, testColumns] = [columns(train.rows), columns(test.rows)]
  let fit: BalancedLogistic | undefined
  const biases: Array<number> = []
  const scores = ranked.map((_, n) => {
    fit = balancedLogistic(trainColumns.slice(0, n + 1), train.positive, fit)
    const { weights, bias } = fit
    biases.push(bias)
    const predicted = test.positive.map((_, row) => {
      let score = bias
      for (let j = 0; j <= n; j++) score += weights[j]! * testColumns[j]![row]!
      return score > 0
    })
    return f1(test.positive, predicted)
  })
  const size = splitSize(scores, jump)
  return { f1: scores, split: ranked.slice(0, size), deniesSilent: size > 0 && biases[size - 1]! <= 0 }
}

/** Largest k such that every F1 up to k beats the one before by more than `jump`; at least 1 where there is any. */
export const splitSize = (scores: ReadonlyArray<number>, jump: number): number => {
  let best = Number.NEGATIVE_INFINITY
  let k = 0
  for (const score of scores) {
    if (!(score > best + jump)) break
    best = score
    k++
  }
  return k
}
