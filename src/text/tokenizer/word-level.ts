/** WordLevel: a piece is a token, or the unknown one. */
import type { Model } from "./model.ts"
import type { Part } from "./part.ts"
import { readVocabulary } from "./vocabulary.ts"

export const wordLevel = (part: Part): Model => {
  const { ids, tokens, lastId } = readVocabulary(part)
  const unknown = part.text("unk_token")
  const unknownId = ids.get(unknown)
  return {
    encode: (piece, out) => {
      const id = ids.get(piece) ?? unknownId
      if (id === undefined) {
        throw part.refuse(
          `there is no id for ${JSON.stringify(piece)}, nor for its unk_token ${unknown}`,
          "Add one of them to vocab."
        )
      }
      out.push(id)
    },
    id: (token) => ids.get(token),
    token: (id) => tokens.get(id),
    size: ids.size,
    lastId
  }
}
