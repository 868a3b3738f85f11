/**
 * Unigram (Kudo 2018): the segmentation with the highest sum of log probabilities, as the Rust library finds it: by
 * dynamic programming from the left, in which of equally good ways the one found first stays. A character that is no
 * token costs 10 more than the least likely token; a run of such is one unknown token.
 */
import type { Model } from "./model.ts"
import type { Part } from "./part.ts"
import { byteIds, readScores } from "./vocabulary.ts"

const unknownPenalty = 10

interface Node {
  readonly next: Map<number, Node>
  /** Score of the token that ends here. */
  score: number | undefined
  id: number
}

const makeNode = (): Node => ({ next: new Map(), score: undefined, id: -1 })

const trieOf = (ids: ReadonlyMap<string, number>, scores: ReadonlyArray<number>): Node => {
  const root = makeNode()
  for (const [token, id] of ids) {
    let node = root
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i)
      let next = node.next.get(unit)
      if (next === undefined) node.next.set(unit, (next = makeNode()))
      node = next
    }
    node.score = scores[id] as number
    node.id = id
  }
  return root
}

export const unigram = (part: Part): Model => {
  const { vocabulary, scores } = readScores(part)
  const { ids, tokens } = vocabulary
  const unknownId = part.has("unk_id") ? part.count("unk_id") : undefined
  part.ignore("unk_id")
  if (unknownId !== undefined && unknownId >= scores.length) throw part.refuse(`unk_id is ${unknownId}, beyond vocab`)
  const fallsBack = part.flag("byte_fallback", false)
  const unknownScore = scores.reduce((least, score) => Math.min(least, score), Infinity) - unknownPenalty
  const trie = trieOf(ids, scores)
  const missing = () => part.refuse("a character is not in vocab, and there is no unk_id", "Set unk_id.")

  /** [length + 1]: where the best token that ends there begins, or -1; its id. */
  const bestEnds = (text: string): { readonly starts: Int32Array; readonly ends: Int32Array } => {
    const starts = new Int32Array(text.length + 1).fill(-1)
    const ends = new Int32Array(text.length + 1)
    const best = new Float64Array(text.length + 1)
    const offer = (end: number, start: number, score: number, id: number): void => {
      if (starts[end] !== -1 && score <= (best[end] as number)) return
      best[end] = score
      starts[end] = start
      ends[end] = id
    }
    for (let at = 0; at < text.length;) {
      const character = (text.codePointAt(at) as number) > 0xffff ? 2 : 1
      const here = best[at] as number
      let single = false
      let node: Node | undefined = trie
      for (let end = at; end < text.length;) {
        node = node.next.get(text.charCodeAt(end++))
        if (node === undefined) break
        if (node.score === undefined) continue
        offer(end, at, node.score + here, node.id)
        if (end - at === character) single = true
      }
      if (!single) {
        if (unknownId === undefined) throw missing()
        offer(at + character, at, unknownScore + here, unknownId)
      }
      at += character
    }
    return { starts, ends }
  }

  const segments = (text: string): ReadonlyArray<string> => {
    const { starts, ends } = bestEnds(text)
    const found: Array<string> = []
    let unknownEnd = -1
    for (let end = text.length; end > 0;) {
      const start = starts[end] as number
      if (ends[end] === unknownId) {
        if (unknownEnd < 0) unknownEnd = end
      } else {
        if (unknownEnd >= 0) found.push(text.slice(end, unknownEnd))
        unknownEnd = -1
        found.push(text.slice(start, end))
      }
      end = start
    }
    if (unknownEnd >= 0) found.push(text.slice(0, unknownEnd))
    return found.toReversed()
  }

  return {
    encode: (piece, out) => {
      for (const segment of segments(piece)) {
        const id = ids.get(segment)
        const bytes = id === undefined && fallsBack ? byteIds(vocabulary, segment) : undefined
        if (id !== undefined) out.push(id)
        else if (bytes !== undefined) out.push(...bytes)
        else if (unknownId === undefined) throw missing()
        else out.push(unknownId)
      }
    },
    id: (token) => ids.get(token),
    token: (id) => tokens.get(id),
    size: scores.length,
    lastId: scores.length - 1
  }
}
