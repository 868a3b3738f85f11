/**
 * An interpolated Kneser-Ney bigram over token ids (Kneser and Ney 1995; Chen and Goodman 1999, section 3): the baseline
 * that a language model's held-out loss is compared with.
 *
 * p(w | v) = max(c(v w) - D, 0) / c(v) + D n(v) / c(v) * p1(w), where n(v) is the number of different tokens after v and
 * p1(w), the continuation probability, is the share of different bigrams that end in w, itself interpolated with the
 * uniform distribution by the same discount. D = n1 / (n1 + 2 n2), from the numbers of bigrams seen once and twice.
 */
export interface Bigram {
  /** Natural logarithm of p(next | previous). Always finite. */
  readonly logProbability: (previous: number, next: number) => number
}

/** @param vocabulary number of token ids; training tokens lie below it */
export const kneserNeyBigram = (tokens: Int32Array, vocabulary: number): Bigram => {
  const pairs = new Map<number, number>()
  const followed = new Float64Array(vocabulary)
  for (let i = 0; i + 1 < tokens.length; i++) {
    const key = (tokens[i] as number) * vocabulary + (tokens[i + 1] as number)
    pairs.set(key, (pairs.get(key) ?? 0) + 1)
    followed[tokens[i] as number] = (followed[tokens[i] as number] as number) + 1
  }
  const differentAfter = new Float64Array(vocabulary)
  const differentBefore = new Float64Array(vocabulary)
  let once = 0
  let twice = 0
  for (const [key, count] of pairs) {
    if (count === 1) once++
    else if (count === 2) twice++
    const previous = Math.floor(key / vocabulary)
    const next = key % vocabulary
    differentAfter[previous] = (differentAfter[previous] as number) + 1
    differentBefore[next] = (differentBefore[next] as number) + 1
  }
  const discount = once === 0 ? 0.5 : once / (once + 2 * twice)
  let endings = 0
  for (const n of differentBefore) if (n > 0) endings++
  const uniform = 1 / vocabulary
  const continuation = Float64Array.from(differentBefore, (n) =>
    pairs.size === 0 ? uniform : Math.max(n - discount, 0) / pairs.size + ((discount * endings) / pairs.size) * uniform
  )
  const logProbability = (previous: number, next: number): number => {
    const total = followed[previous] ?? 0
    const lower = continuation[next] as number
    if (total === 0) return Math.log(lower)
    const count = pairs.get(previous * vocabulary + next) ?? 0
    const kept = Math.max(count - discount, 0) / total
    return Math.log(kept + ((discount * (differentAfter[previous] as number)) / total) * lower)
  }
  return { logProbability }
}
