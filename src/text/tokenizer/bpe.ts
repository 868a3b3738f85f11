/**
 * Byte-pair encoding (Sennrich et al. 2016) as the Rust library applies it: of all pairs of neighbours that a merge is
 * known for, the one with the lowest rank is merged, the leftmost of equal ones first.
 */
import type { Part } from "./part.ts"
import type { Model } from "./model.ts"
import { MergeQueue } from "./merge-queue.ts"
import { byteIds, readVocabulary, type Vocabulary } from "./vocabulary.ts"

interface Merges {
  /** Pair (left, right) as `left * scale + right`: number of the merge. */
  readonly ranks: ReadonlyMap<number, number>
  /** By rank: the id that it makes. */
  readonly made: ReadonlyArray<number>
  readonly scale: number
}

const pairOf = (merge: unknown, part: Part, rank: number): readonly [string, string] => {
  const pair: ReadonlyArray<unknown> = typeof merge === "string" ? merge.split(" ") : Array.isArray(merge) ? merge : []
  const [left, right] = pair
  if (pair.length === 2 && typeof left === "string" && typeof right === "string") return [left, right]
  throw part.refuse(`merge ${rank + 1} is ${JSON.stringify(merge)}, no pair of tokens`)
}

const readMerges = (part: Part, { ids, lastId }: Vocabulary, prefix: string): Merges => {
  const scale = lastId + 1
  const ranks = new Map<number, number>()
  const made: Array<number> = []
  const idOf = (token: string, rank: number): number => {
    const id = ids.get(token)
    if (id !== undefined) return id
    throw part.refuse(`merge ${rank + 1} needs the token ${JSON.stringify(token)}, which is not in vocab`)
  }
  const merges = part.list("merges").filter((merge) => typeof merge !== "string" || !merge.startsWith("#version"))
  for (const [rank, merge] of merges.entries()) {
    const [left, right] = pairOf(merge, part, rank)
    ranks.set(idOf(left, rank) * scale + idOf(right, rank), rank)
    made.push(idOf(left + right.slice(prefix.length), rank))
  }
  return { ranks, made, scale }
}

/** Ids of a word after all merges; `word` is changed. */
const merged = (word: Array<number>, { ranks, made, scale }: Merges, queue: MergeQueue): ReadonlyArray<number> => {
  const count = word.length
  const rankAt = (left: number, right: number): number | undefined =>
    ranks.get((word[left] as number) * scale + (word[right] as number))
  for (let i = 0; i + 1 < count; i++) {
    const rank = rankAt(i, i + 1)
    if (rank !== undefined) queue.push(rank, i)
  }
  if (queue.isEmpty) return word
  const next = Int32Array.from(word, (_, i) => (i + 1 < count ? i + 1 : -1))
  const before = Int32Array.from(word, (_, i) => i - 1)
  const gone = new Uint8Array(count)
  while (!queue.isEmpty) {
    const { rank, position } = queue.pop()
    const right = next[position] as number
    if (gone[position] === 1 || right < 0) continue
    // An entry is out of date where its neighbours now merge into something else, or not at all.
    const current = rankAt(position, right)
    if (current === undefined || made[current] !== made[rank]) continue
    word[position] = made[rank] as number
    gone[right] = 1
    const after = next[right] as number
    next[position] = after
    if (after >= 0) before[after] = position
    const left = before[position] as number
    const leftRank = left < 0 ? undefined : rankAt(left, position)
    if (leftRank !== undefined) queue.push(leftRank, left)
    const rightRank = after < 0 ? undefined : rankAt(position, after)
    if (rightRank !== undefined) queue.push(rightRank, position)
  }
  return word.filter((_, i) => gone[i] === 0)
}

/** Words come again and again: their ids are kept, up to this many of up to this length. */
const mostKept = 1 << 16
const longestKept = 64

export const bpe = (part: Part): Model => {
  const vocabulary = readVocabulary(part)
  const { ids, tokens, lastId } = vocabulary
  const prefix = part.optionalText("continuing_subword_prefix") ?? ""
  const suffix = part.optionalText("end_of_word_suffix") ?? ""
  const unknown = part.optionalText("unk_token")
  const [fuses, fallsBack, ignoresMerges] = [
    part.flag("fuse_unk", false),
    part.flag("byte_fallback", false),
    part.flag("ignore_merges", false)
  ]
  part.ignore("dropout")
  if (part.has("dropout") && part.number("dropout") !== 0) {
    throw part.refuse("dropout makes the ids random", "Set dropout to null: it is for training.")
  }
  const merges = readMerges(part, vocabulary, prefix)
  const queue = new MergeQueue()
  const kept = new Map<string, ReadonlyArray<number>>()

  const unknownId = (): number | undefined => {
    if (unknown === undefined) return undefined
    const id = ids.get(unknown)
    if (id === undefined) throw part.refuse(`unk_token ${unknown} is not in vocab`)
    return id
  }
  /** A character that has no id, no bytes and no unknown token is left out, as the library does. */
  const symbols = (text: string): Array<number> => {
    const word: Array<number> = []
    let held: number | undefined
    for (let at = 0; at < text.length;) {
      const end = at + ((text.codePointAt(at) as number) > 0xffff ? 2 : 1)
      const symbol = (at > 0 ? prefix : "") + text.slice(at, end) + (end === text.length ? suffix : "")
      at = end
      const id = ids.get(symbol)
      if (id !== undefined) {
        if (held !== undefined) word.push(held)
        held = undefined
        word.push(id)
        continue
      }
      const bytes = fallsBack ? byteIds(vocabulary, symbol) : undefined
      if (bytes !== undefined) {
        // The library puts an unknown token that it holds back behind them.
        word.push(...bytes)
        continue
      }
      const strange = unknownId()
      if (strange === undefined) continue
      if (held !== undefined && !fuses) word.push(held)
      held = strange
    }
    if (held !== undefined) word.push(held)
    return word
  }
  const idsOf = (text: string): ReadonlyArray<number> => {
    const whole = ignoresMerges ? ids.get(text) : undefined
    return whole === undefined ? merged(symbols(text), merges, queue) : [whole]
  }
  return {
    encode: (piece, out) => {
      let found = kept.get(piece)
      if (found === undefined) {
        found = idsOf(piece)
        if (piece.length <= longestKept) {
          if (kept.size >= mostKept) kept.clear()
          kept.set(piece, found)
        }
      }
      for (const id of found) out.push(id)
    },
    id: (token) => ids.get(token),
    token: (id) => tokens.get(id),
    size: ids.size,
    lastId
  }
}
