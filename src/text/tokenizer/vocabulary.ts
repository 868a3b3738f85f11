/** The vocabulary of a model: tokens by id, ids by token. */
import type { Part } from "./part.ts"

export interface Vocabulary {
  readonly ids: ReadonlyMap<string, number>
  readonly tokens: ReadonlyMap<number, string>
  readonly lastId: number
}

const vocabularyOf = (entries: Iterable<readonly [string, number]>): Vocabulary => {
  const ids = new Map(entries)
  const tokens = new Map<number, string>()
  let lastId = -1
  for (const [token, id] of ids) {
    tokens.set(id, token)
    if (id > lastId) lastId = id
  }
  return { ids, tokens, lastId }
}

/** `vocab` of BPE, WordPiece and WordLevel. @throws TokenizerProblem */
export const readVocabulary = (part: Part): Vocabulary =>
  vocabularyOf(
    Object.entries(part.object("vocab")).map(([token, id]) => {
      if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < 2 ** 32) return [token, id] as const
      throw part.refuse(`the id of ${JSON.stringify(token)} is ${JSON.stringify(id)}`)
    })
  )

export interface Scored {
  readonly vocabulary: Vocabulary
  /** By id: log probabilities. */
  readonly scores: ReadonlyArray<number>
}

/** `vocab` of Unigram: [token, score], the index is the id. @throws TokenizerProblem */
export const readScores = (part: Part): Scored => {
  const entries = part.list("vocab").map((entry, id): readonly [string, number] => {
    if (Array.isArray(entry) && entry.length === 2) {
      const [token, score]: ReadonlyArray<unknown> = entry
      if (typeof token === "string" && typeof score === "number") return [token, score]
    }
    throw part.refuse(`entry ${id} of vocab is no token with a score`)
  })
  return {
    vocabulary: vocabularyOf(entries.map(([token], id) => [token, id])),
    scores: entries.map(([, score]) => score)
  }
}

/** `<0x0A>`: the token that stands for a byte. */
const byteToken = (byte: number): string => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`

const encoder = new TextEncoder()

/** Ids of the tokens that stand for the bytes of a text; undefined where one is missing. */
export const byteIds = (vocabulary: Vocabulary, text: string): ReadonlyArray<number> | undefined => {
  const ids: Array<number> = []
  for (const byte of encoder.encode(text)) {
    const id = vocabulary.ids.get(byteToken(byte))
    if (id === undefined) return undefined
    ids.push(id)
  }
  return ids
}
