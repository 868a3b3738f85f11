/** Standard normal distribution. */

/** P(Z <= -z) for z >= 0, to 1e-7 (Abramowitz and Stegun 26.2.17). */
export const normalTail = (z: number): number => {
  const t = 1 / (1 + 0.2316419 * z)
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series
}
