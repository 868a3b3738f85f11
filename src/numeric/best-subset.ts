/**
 * The k columns of a few on which a logistic regression has the least loss, proven by branch and bound: no subset of a set of columns
 * has less loss than the set (the penalty of a column that is not used is none), so whatever lies below a set that is no better than the
 * best found is left out. Bertsimas, Pauphilet and Van Parys 2021 (arXiv 1904.07663) bound the same problem by its dual.
 */
import { balancedLogistic, type BalancedLogistic, balancedLoss } from "./balanced-logistic.ts"

export interface BestSubset {
  /** Indices of columns, ascending. */
  readonly chosen: ReadonlyArray<number>
  readonly loss: number
  /** Regressions that it took. */
  readonly fits: number
}

/** Losses are told apart from here on, as a share of them: below is what Newton's method leaves. */
const resolution = 1e-9

/** @param columns of like scale, which the penalty wants; at least k */
export const bestSubset = (
  columns: ReadonlyArray<ArrayLike<number>>,
  positive: ReadonlyArray<boolean>,
  k: number
): BestSubset => {
  let fits = 0
  const fit = (indices: ReadonlyArray<number>): BalancedLogistic & { readonly loss: number } => {
    fits++
    const own = indices.map((i) => columns[i]!)
    const found = balancedLogistic(own, positive)
    return { ...found, loss: balancedLoss(own, positive, found) }
  }
  let best: { chosen: ReadonlyArray<number>; loss: number } = { chosen: [], loss: Number.POSITIVE_INFINITY }
  const take = (chosen: ReadonlyArray<number>, loss: number): void => {
    if (loss < best.loss * (1 - resolution)) best = { chosen, loss }
  }
  /** @param bound loss of `taken` and `open` together */
  const search = (taken: ReadonlyArray<number>, open: ReadonlyArray<number>, bound: number): void => {
    if (bound >= best.loss * (1 - resolution)) return
    if (taken.length === k) return take(taken, fit(taken).loss)
    if (taken.length + open.length === k) return take([...taken, ...open], bound)
    const [first, ...rest] = open as readonly [number, ...Array<number>]
    search([...taken, first], rest, bound)
    search(taken, rest, fit([...taken, ...rest]).loss)
  }
  const every = Array.from(columns.keys())
  const whole = fit(every)
  // The columns that weigh most come first: good subsets early leave more out.
  const order = every.toSorted((a, b) => Math.abs(whole.weights[b]!) - Math.abs(whole.weights[a]!) || a - b)
  search([], order, whole.loss)
  return { chosen: best.chosen.toSorted((a, b) => a - b), loss: best.loss, fits }
}
