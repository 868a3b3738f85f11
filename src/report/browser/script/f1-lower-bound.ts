/** 95 %: the normal quantile of 0.975. */
const Z = 1.959964

/**
 * A lower bound of an F1, so that 3 firings of 3 do not outrank 300 of 310. Of the rows on which a latent fires or is
 * predicted to, the share J = TP / (TP + FP + FN) is a proportion: it has Wilson's interval (1927, eq. 4 of
 * Brown, Cai & DasGupta 2001), and F1 = 2 J / (1 + J) rises with it.
 */
export const f1LowerBound = (truePositives: number, falsePositives: number, falseNegatives: number): number => {
  const n = truePositives + falsePositives + falseNegatives
  if (n === 0) return 0
  const share = truePositives / n
  const middle = share + (Z * Z) / (2 * n)
  const spread = Z * Math.sqrt((share * (1 - share)) / n + (Z * Z) / (4 * n * n))
  const low = Math.max(0, (middle - spread) / (1 + (Z * Z) / n))
  return (2 * low) / (1 + low)
}
