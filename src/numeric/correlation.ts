/** Pearson's and Spearman's correlation. */

/** Undefined where one side does not vary. */
export const pearson = (a: ArrayLike<number>, b: ArrayLike<number>): number | undefined => {
  const n = a.length
  const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, each) => sum + each, 0) / n
  const [meanA, meanB] = [mean(a), mean(b)]
  let [product, squareA, squareB] = [0, 0, 0]
  for (let i = 0; i < n; i++) {
    const [x, y] = [(a[i] as number) - meanA, (b[i] as number) - meanB]
    product += x * y
    squareA += x * x
    squareB += y * y
  }
  return squareA > 0 && squareB > 0 ? product / Math.sqrt(squareA * squareB) : undefined
}

/** Ranks from 1, equal values share the mean of theirs. */
const ranks = (values: ArrayLike<number>): Float64Array => {
  const order = Array.from({ length: values.length }, (_, i) => i).toSorted(
    (i, j) => (values[i] as number) - (values[j] as number)
  )
  const result = new Float64Array(values.length)
  for (let first = 0; first < order.length;) {
    let last = first
    while (last + 1 < order.length && values[order[last + 1] as number] === values[order[first] as number]) last++
    for (let i = first; i <= last; i++) result[order[i] as number] = (first + last) / 2 + 1
    first = last + 1
  }
  return result
}

/** Of the ranks; undefined where one side does not vary. */
export const spearman = (a: ArrayLike<number>, b: ArrayLike<number>): number | undefined => pearson(ranks(a), ranks(b))
