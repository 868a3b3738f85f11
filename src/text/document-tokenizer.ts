/** Turns documents of a source into token ids: text by a tokenizer, symbols by a vocabulary, ids by a look at each. */
import type { Messages } from "./chat-template/chat-text.ts"
import { DocumentProblem, placeOf } from "./documents/document-file.ts"
import type { LocatedDocument } from "./documents/open-documents.ts"
import type { TokenDocument } from "./documents/token-document.ts"
import type { SymbolVocabulary } from "./symbol-vocabulary.ts"
import type { StreamingTokenizer } from "./tokenizer.ts"

export interface DocumentTokenizerOptions {
  /** Names of the files, by number. */
  readonly files: ReadonlyArray<string>
  readonly tokenizer: StreamingTokenizer | undefined
  /** Where it is given, symbols and numbers are looked up in it, and text is symbols between white space. */
  readonly symbols: SymbolVocabulary | undefined
  /** Makes a text of a conversation. @throws DocumentProblem */
  readonly chat: ((messages: Messages, place: string) => string) | undefined
  /** Ids must be below it. */
  readonly vocabulary: number
}

const noTokenizer = "Give the model that will read it, or its tokenizer, or a vocabulary of symbols."

const noTemplate = "Set chat_template, give a model that brings one, or name a field of text with text_field."

const words = async function* (pieces: AsyncIterable<string> | Iterable<string>) {
  let held = ""
  for await (const piece of pieces) {
    const parts = (held + piece).split(/\s+/u)
    held = parts.pop() ?? ""
    yield parts
  }
  yield [held]
}

export const documentTokenizer = ({ files, tokenizer, symbols, vocabulary, chat }: DocumentTokenizerOptions) => {
  const checked = (ids: ArrayLike<number>, place: string, made: boolean): Int32Array => {
    const result = new Int32Array(ids.length)
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number
      if (!(id >= 0 && id < vocabulary)) {
        throw made
          ? new DocumentProblem(
              place,
              `the tokenizer gave id ${id}, the model knows ids below ${vocabulary}`,
              "The model's tokenizer.json and config.json do not belong together."
            )
          : new DocumentProblem(
              place,
              `id ${id} (at ${i} of its list) is outside the vocabulary of ${vocabulary}`,
              "Give ids that the model's own tokenizer made, or the model that they were made for."
            )
      }
      result[i] = id
    }
    return result
  }
  const idOf = (symbol: string, place: string): number => {
    const id = symbols === undefined ? tokenizer?.id(symbol) : symbols.id(symbol)
    if (id !== undefined) return id
    if (symbols === undefined && tokenizer === undefined)
      throw new DocumentProblem(place, "it holds symbols", noTokenizer)
    const where = symbols === undefined ? "the tokenizer's vocabulary" : "the vocabulary"
    throw new DocumentProblem(
      place,
      `there is no symbol ${JSON.stringify(symbol)} in ${where}`,
      symbols === undefined ? "Give a vocabulary of symbols." : "Add it at the end of the vocabulary."
    )
  }
  const lookedUp = (list: ReadonlyArray<string>, place: string): Int32Array =>
    Int32Array.from(
      list.filter((symbol) => symbol !== ""),
      (symbol) => idOf(symbol, place)
    )

  const ofText = async function* (pieces: AsyncIterable<string> | Iterable<string>, place: string) {
    if (symbols !== undefined) for await (const list of words(pieces)) yield lookedUp(list, place)
    else if (tokenizer === undefined) throw new DocumentProblem(place, "it holds text", noTokenizer)
    else for await (const ids of tokenizer.encodePieces(pieces)) yield checked(ids, place, true)
  }

  const asText = (messages: Messages, place: string): string => {
    if (chat === undefined)
      throw new DocumentProblem(place, "it holds messages, and no chat template says how they read", noTemplate)
    return chat(messages, place)
  }

  return ({ file, row, content }: LocatedDocument): TokenDocument => {
    const place = placeOf(files[file] as string, row)
    if (content.type === "text") {
      return { file, row, parts: ofText(typeof content.text === "string" ? [content.text] : content.text, place) }
    }
    if (content.type === "messages") return { file, row, parts: ofText([asText(content.messages, place)], place) }
    if (content.type === "symbols") return { file, row, parts: [lookedUp(content.symbols, place)] }
    const ids =
      symbols === undefined ? checked(content.ids, place, false) : lookedUp(Array.from(content.ids, String), place)
    return { file, row, parts: [ids] }
  }
}
