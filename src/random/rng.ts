/**
 * The one random number generator of the project: xoshiro128** seeded through SplitMix32.
 *
 * Every random choice (initial weights, permutations, splits) comes from an `Rng` made from a stage's own seed and the
 * name of what it is for, so that adding one draw somewhere never shifts the numbers elsewhere, and so that the state
 * can stand in a checkpoint (bit-identical resume). Source: Blackman and Vigna, "Scrambled linear pseudorandom number
 * generators" (2021).
 */
export interface Rng {
  /** Uniform integer in [0, 2^32). */
  readonly uint32: () => number
  /** Uniform in [0, 1), 32 bits of resolution. */
  readonly float: () => number
  /** Uniform integer in [0, bound); no modulo bias. `bound` is an integer from 1 to 2^32. */
  readonly int: (bound: number) => number
  /** Standard normal (Box-Muller, one value a call so that the state alone describes the stream). */
  readonly normal: () => number
  /** Fills the array with what `normal` would give next, in half the time. */
  readonly normals: (into: Float64Array) => void
  /** Fisher-Yates permutation of 0 .. n-1. */
  readonly permutation: (n: number) => Uint32Array<ArrayBuffer>
  /** The four words that `fromState` takes. */
  readonly state: () => readonly [number, number, number, number]
}

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k))

const splitMix32 = (seed: number): (() => number) => {
  let a = seed | 0
  return () => {
    a = (a + 0x9e3779b9) | 0
    let t = a ^ (a >>> 16)
    t = Math.imul(t, 0x21f0aaad)
    t ^= t >>> 15
    t = Math.imul(t, 0x735a2d97)
    return (t ^ (t >>> 15)) >>> 0
  }
}

/** FNV-1a: turns the name of a stream into 32 bits. */
const hashName = (name: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193)
  return h >>> 0
}

/** Continues a generator from the words that `state()` gave. */
export const fromState = (state: readonly [number, number, number, number]): Rng => {
  let [a, b, c, d] = state
  const uint32 = (): number => {
    const result = Math.imul(rotl(Math.imul(b, 5), 7), 9) >>> 0
    const t = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= t
    d = rotl(d, 11)
    return result
  }
  const float = (): number => uint32() / 4294967296
  const int = (bound: number): number => {
    const limit = 4294967296 - (4294967296 % bound)
    let x = uint32()
    while (x >= limit) x = uint32()
    return x % bound
  }
  const normal = (): number => {
    const u = (uint32() + 1) / 4294967296
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * float())
  }
  const normals = (into: Float64Array): void => {
    // The words in variables of the loop, where the compiler keeps them in registers.
    let [p, q, r, s] = [a, b, c, d]
    const next = (): number => {
      const result = Math.imul(rotl(Math.imul(q, 5), 7), 9) >>> 0
      const t = q << 9
      r ^= p
      s ^= q
      q ^= r
      p ^= s
      r ^= t
      s = rotl(s, 11)
      return result
    }
    for (let i = 0; i < into.length; i++) {
      const u = (next() + 1) / 4294967296
      into[i] = Math.sqrt(-2 * Math.log(u)) * Math.cos((2 * Math.PI * next()) / 4294967296)
    }
    ;[a, b, c, d] = [p, q, r, s]
  }
  const permutation = (n: number): Uint32Array<ArrayBuffer> => {
    const order = new Uint32Array(n)
    for (let i = 0; i < n; i++) order[i] = i
    for (let i = n - 1; i > 0; i--) {
      const j = int(i + 1)
      const x = order[i] as number
      order[i] = order[j] as number
      order[j] = x
    }
    return order
  }
  return { uint32, float, int, normal, normals, permutation, state: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0] }
}

/** A generator for one purpose: `make(seed, "decoder rows")`. Different names give unrelated streams. */
export const make = (seed: number, name: string): Rng => {
  const next = splitMix32((Math.imul(seed | 0, 0x9e3779b9) ^ hashName(name)) >>> 0)
  return fromState([next(), next(), next(), next()])
}

/** A seed of its own for something made of many random choices, such as one of several trainings in a stage. */
export const seedFor = (seed: number, name: string): number => make(seed, name).uint32() >>> 1
