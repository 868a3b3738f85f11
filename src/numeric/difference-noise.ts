import type { Interval } from "./bootstrap.ts"

/**
 * How far two estimates may differ while they stand for the same value: a larger difference exceeds its noise. The 95 % limit of a
 * difference by the halves of both intervals that face each other (Zou and Donner 2008, "Construction of confidence limits
 * about effect measures: a general approach", section 2), which takes them as independent: what was measured on the same
 * documents differs by less.
 */
export const differenceNoise = (
  a: Interval & { readonly value: number },
  b: Interval & { readonly value: number }
): number => {
  const [lower, upper] = a.value <= b.value ? [a, b] : [b, a]
  return Math.hypot(lower.high - lower.value, upper.value - upper.low)
}
