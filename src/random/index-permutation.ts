/**
 * A seeded permutation of 0 .. n-1 that is computed index by index, so that a permutation of any number of documents
 * takes no memory: a Feistel network over the next power of four, walked until it falls below n (Black and Rogaway,
 * "Ciphers with arbitrary finite domains", 2002, section 3: cycle walking). Exact: every index has one place.
 */
import * as Rng from "./rng.ts"

const rounds = 8

/** The finaliser of MurmurHash3: every bit of the result depends on every bit of the argument. */
const mix = (value: number): number => {
  let x = value
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

/** @param n at most 2^52 @returns place of an index */
export const indexPermutation = (n: number, seed: number, name: string): ((index: number) => number) => {
  if (!Number.isSafeInteger(n) || n < 0 || n > 2 ** 52) throw new RangeError(`no permutation of ${n} indices`)
  let half = 1
  while (4 ** half < n) half++
  const base = 2 ** half
  const rng = Rng.make(seed, name)
  const keys = Array.from({ length: rounds }, () => rng.uint32())
  const once = (index: number): number => {
    let left = Math.floor(index / base)
    let right = index % base
    for (const key of keys) {
      const next = (left ^ (mix(right ^ key) & (base - 1))) >>> 0
      left = right
      right = next
    }
    return left * base + right
  }
  return (index) => {
    if (!(index >= 0 && index < n)) throw new RangeError(`index ${index} of ${n}`)
    let place = once(index)
    while (place >= n) place = once(place)
    return place
  }
}
