/**
 * A logistic probe on a few columns, its penalty chosen on rows that are left out of the fit: the settings of sae-probes
 * (`find_best_reg`): C in ten steps from 1e5 down to 1e-5, the first of the best AUCs on the last rows (a fifth, 100 at most),
 * then a fit on all of them.
 */
import { balancedLogistic } from "../../numeric/balanced-logistic.ts"
import { roc } from "../../numeric/roc.ts"

export interface Probe {
  readonly weights: Float64Array
  readonly bias: number
  readonly c: number
}

/** Fewer rows would be cross-validated by sae-probes in a random order of its own. */
export const leastTrainingRows = 128

const penalties = Array.from({ length: 10 }, (_, i) => 10 ** (5 - (10 * i) / 9))

export const probeScores = ({ weights, bias }: Omit<Probe, "c">, columns: ReadonlyArray<Float64Array>): Float64Array =>
  Float64Array.from(columns[0] ?? [], (_, i) =>
    columns.reduce((sum, column, k) => sum + weights[k]! * column[i]!, bias)
  )

/**
 * @param columns of at least `leastTrainingRows` rows
 * @param positive of each row, yes and no in turn: any even number of rows has as many of each
 */
export const fitProbe = (columns: ReadonlyArray<Float64Array>, positive: ReadonlyArray<boolean>): Probe => {
  const rows = positive.length
  const left = 2 * Math.floor(Math.min(Math.floor(0.2 * rows), 100) / 2)
  const cut = (from: number, to: number) => columns.map((column) => column.subarray(from, to))
  const [train, validation] = [cut(0, rows - left), cut(rows - left, rows)]
  const [own, held] = [positive.slice(0, rows - left), positive.slice(rows - left)]
  let [best, c] = [-1, 0]
  for (const penalty of penalties) {
    const { auc } = roc(probeScores(balancedLogistic(train, own, undefined, penalty), validation), held)
    // sae-probes takes the first of equal ones, the weakest penalty.
    if (auc > best) [best, c] = [auc, penalty]
  }
  return { ...balancedLogistic(columns, positive, undefined, c), c }
}
