/** WordPiece (Schuster and Nakajima 2012, as BERT has it): the longest token that the rest of a piece begins with, each time. */
import type { Model } from "./model.ts"
import type { Part } from "./part.ts"
import { readVocabulary } from "./vocabulary.ts"

export const wordPiece = (part: Part): Model => {
  const { ids, tokens, lastId } = readVocabulary(part)
  const unknown = part.text("unk_token")
  const unknownId = ids.get(unknown)
  const prefix = part.text("continuing_subword_prefix")
  const longest = part.count("max_input_chars_per_word")

  const longestAt = (characters: ReadonlyArray<string>, start: number): readonly [number, number] | undefined => {
    for (let end = characters.length; end > start; end--) {
      const id = ids.get((start > 0 ? prefix : "") + characters.slice(start, end).join(""))
      if (id !== undefined) return [id, end]
    }
    return undefined
  }
  const pieces = (characters: ReadonlyArray<string>): ReadonlyArray<number> | undefined => {
    if (characters.length > longest) return undefined
    const found: Array<number> = []
    for (let start = 0; start < characters.length;) {
      const next = longestAt(characters, start)
      if (next === undefined) return undefined
      found.push(next[0])
      start = next[1]
    }
    return found
  }
  return {
    encode: (piece, out) => {
      const found = pieces([...piece])
      if (found !== undefined) out.push(...found)
      else if (unknownId !== undefined) out.push(unknownId)
      else
        throw part.refuse(
          `there is no id for ${JSON.stringify(piece)}, nor for its unk_token ${unknown}`,
          "Add one of them to vocab."
        )
    },
    id: (token) => ids.get(token),
    token: (id) => tokens.get(id),
    size: ids.size,
    lastId
  }
}
