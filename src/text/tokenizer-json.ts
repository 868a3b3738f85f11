/**
 * A byte-level BPE in the format of Hugging Face `tokenizer.json`: what `tokenizers` and transformers read.
 */
import type { Bpe } from "./train-bpe.ts"

/** @param endOfText the token that separates documents and stands at position 0 of a context */
export const tokenizerJson = (bpe: Bpe, endOfText: string): string => {
  const id = bpe.vocabulary.indexOf(endOfText)
  if (id < 0) throw new RangeError(`${endOfText} is not in the vocabulary`)
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true }
  return `${JSON.stringify({
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [
      { id, content: endOfText, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
    ],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(bpe.vocabulary.map((token, i) => [token, i])),
      merges: bpe.merges.map(([left, right]) => `${left} ${right}`)
    }
  })}\n`
}
