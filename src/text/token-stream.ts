/** Documents as one stream of token ids: `endOfText doc endOfText doc ...`. */
import type { TextDocument } from "../source/builtin/text-document.ts"
import type { TextTokenizer } from "./tokenizer.ts"

export const tokenStream = (
  documents: ReadonlyArray<TextDocument>,
  tokenizer: TextTokenizer,
  endOfText: number
): Int32Array<ArrayBuffer> => {
  const parts = documents.map(({ text }) => tokenizer.encode(text))
  const stream = new Int32Array(parts.reduce((sum, part) => sum + part.length + 1, 0))
  let at = 0
  for (const part of parts) {
    stream[at++] = endOfText
    stream.set(part, at)
    at += part.length
  }
  return stream
}
