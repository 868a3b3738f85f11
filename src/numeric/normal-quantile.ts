import { normalTail } from "./normal-tail.ts"

/** The z with P(Z <= z) = p, to about 1e-6 for p from 1e-6 to 1 - 1e-6; beyond these it is that at the end. */
export const normalQuantile = (p: number): number => {
  const tail = Math.max(1e-6, Math.min(p, 1 - p))
  let [low, high] = [0, 6]
  for (let n = 0; n < 50; n++) {
    const middle = (low + high) / 2
    if (normalTail(middle) > tail) low = middle
    else high = middle
  }
  return p < 0.5 ? -low : low
}
