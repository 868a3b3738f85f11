/**
 * Byte-pair encoding, trained (Sennrich et al. 2016, on bytes as GPT-2 does).
 *
 * Deterministic: the most frequent pair is merged; of equally frequent pairs the one whose parts have the lower ids.
 * Counts are kept per distinct pre-token, so the cost depends on the number of distinct words, not on the text length.
 */
import { byteCharacters, toByteLevel } from "./tokenizer/byte-level.ts"

export interface Bpe {
  /** Token strings in the byte-level alphabet; the index is the id. Special tokens come first, then the 256 bytes. */
  readonly vocabulary: ReadonlyArray<string>
  /** Merges in the order in which they apply. */
  readonly merges: ReadonlyArray<readonly [string, string]>
}

interface Word {
  readonly ids: Array<number>
  readonly count: number
}

/** Max-heap of pairs by count, then by lower key; entries whose count is out of date are skipped by the caller. */
class PairHeap {
  readonly #keys: Array<number> = []
  readonly #counts: Array<number> = []

  #before(i: number, j: number): boolean {
    const a = this.#counts[i] as number
    const b = this.#counts[j] as number
    return a > b || (a === b && (this.#keys[i] as number) < (this.#keys[j] as number))
  }

  #swap(i: number, j: number): void {
    const key = this.#keys[i] as number
    const count = this.#counts[i] as number
    this.#keys[i] = this.#keys[j] as number
    this.#counts[i] = this.#counts[j] as number
    this.#keys[j] = key
    this.#counts[j] = count
  }

  push(key: number, count: number): void {
    let i = this.#keys.push(key) - 1
    this.#counts.push(count)
    while (i > 0 && this.#before(i, (i - 1) >> 1)) {
      this.#swap(i, (i - 1) >> 1)
      i = (i - 1) >> 1
    }
  }

  pop(): { readonly key: number; readonly count: number } | undefined {
    const key = this.#keys[0]
    const count = this.#counts[0]
    if (key === undefined || count === undefined) return undefined
    const last = this.#keys.length - 1
    this.#swap(0, last)
    this.#keys.pop()
    this.#counts.pop()
    let i = 0
    for (;;) {
      let best = i
      for (const child of [2 * i + 1, 2 * i + 2]) if (child < last && this.#before(child, best)) best = child
      if (best === i) return { key, count }
      this.#swap(i, best)
      i = best
    }
  }
}

/** Pair (left, right) as one number; ids stay below 2^20. */
const pairKey = (left: number, right: number): number => left * 1048576 + right

/**
 * @param counts how often each pre-token (a match of `byteLevelPattern`) occurs
 * @param size number of tokens wanted, special tokens and the 256 bytes included; fewer come out if no pair is left
 * @param special strings that stand for themselves, given the first ids
 */
export const trainBpe = (counts: ReadonlyMap<string, number>, size: number, special: ReadonlyArray<string>): Bpe => {
  const vocabulary = [...special, ...byteCharacters]
  const idOf = new Map(byteCharacters.map((character, byte) => [character, special.length + byte]))
  const words: Array<Word> = []
  for (const [text, count] of counts) {
    words.push({ ids: Array.from(toByteLevel(text), (character) => idOf.get(character) as number), count })
  }

  const pairCount = new Map<number, number>()
  const pairWords = new Map<number, Set<number>>()
  const add = (key: number, count: number, word: number): void => {
    pairCount.set(key, (pairCount.get(key) ?? 0) + count)
    const where = pairWords.get(key)
    if (where === undefined) pairWords.set(key, new Set([word]))
    else where.add(word)
  }
  for (const [w, { ids, count }] of words.entries()) {
    for (let i = 0; i + 1 < ids.length; i++) add(pairKey(ids[i] as number, ids[i + 1] as number), count, w)
  }
  const heap = new PairHeap()
  for (const [key, count] of pairCount) heap.push(key, count)

  const merges: Array<readonly [string, string]> = []
  while (vocabulary.length < size) {
    const top = heap.pop()
    if (top === undefined) break
    const current = pairCount.get(top.key) ?? 0
    if (current !== top.count) continue
    if (current <= 0) break
    const left = Math.floor(top.key / 1048576)
    const right = top.key % 1048576
    const merged = vocabulary.length
    merges.push([vocabulary[left] as string, vocabulary[right] as string])
    vocabulary.push((vocabulary[left] as string) + (vocabulary[right] as string))

    const changed = new Set<number>()
    for (const w of pairWords.get(top.key) ?? []) {
      const { ids, count } = words[w] as Word
      for (let i = 0; i + 1 < ids.length; i++) {
        const key = pairKey(ids[i] as number, ids[i + 1] as number)
        pairCount.set(key, (pairCount.get(key) as number) - count)
        changed.add(key)
      }
      let length = 0
      for (let i = 0; i < ids.length; i++) {
        if (ids[i] === left && ids[i + 1] === right) {
          ids[length++] = merged
          i++
        } else ids[length++] = ids[i] as number
      }
      ids.length = length
      for (let i = 0; i + 1 < ids.length; i++) {
        const key = pairKey(ids[i] as number, ids[i + 1] as number)
        add(key, count, w)
        changed.add(key)
      }
    }
    pairCount.delete(top.key)
    pairWords.delete(top.key)
    changed.delete(top.key)
    for (const key of changed) {
      const count = pairCount.get(key) ?? 0
      if (count > 0) heap.push(key, count)
      else {
        pairCount.delete(key)
        pairWords.delete(key)
      }
    }
  }
  return { vocabulary, merges }
}

/** Adds the pre-tokens of `text` to `counts`, each `weight` times. */
export const countPreTokens = (counts: Map<string, number>, pattern: RegExp, text: string, weight = 1): void => {
  for (const token of text.match(pattern) ?? []) counts.set(token, (counts.get(token) ?? 0) + weight)
}
