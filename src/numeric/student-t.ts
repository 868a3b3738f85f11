/** Student's t distribution, for intervals from few units. */

/** P(|T| <= t) for T of `df` degrees of freedom, a whole number: the finite sums of Abramowitz and Stegun 26.7.3 and 26.7.4. */
const central = (t: number, df: number): number => {
  const theta = Math.atan(t / Math.sqrt(df))
  const square = Math.cos(theta) ** 2
  const odd = df % 2 === 1
  let term = odd ? Math.cos(theta) : 1
  let sum = odd && df === 1 ? 0 : term
  for (let n = odd ? 3 : 2; n <= df - 2; n += 2) {
    term *= ((n - 1) / n) * square
    sum += term
  }
  return odd ? (2 / Math.PI) * (theta + (df === 1 ? 0 : Math.sin(theta) * sum)) : Math.sin(theta) * sum
}

/**
 * The t with P(|T| <= t) = `level`.
 *
 * @param df degrees of freedom, a whole number from 1; above 1,000 they are 1,000, which alters t by less than 0.2 %
 * @param level above 0 and below 1
 */
export const studentT = (df: number, level: number): number => {
  const freedom = Math.min(df, 1000)
  let [low, high] = [0, 1]
  while (central(high, freedom) < level) high *= 2
  for (let n = 0; n < 60; n++) {
    const middle = (low + high) / 2
    if (central(middle, freedom) < level) low = middle
    else high = middle
  }
  return (low + high) / 2
}
