/** A tokenizer read from a Hugging Face `tokenizer.json`, as the rest of the project uses it. */
import { Tokenizer as HuggingFaceTokenizer } from "@huggingface/tokenizers"

export interface Tokenizer {
  /** Token ids of `text`; no special token is added. */
  readonly encode: (text: string) => Int32Array<ArrayBuffer>
  readonly decode: (ids: ArrayLike<number>) => string
  /** Text of one token, with its leading space where it has one. */
  readonly tokenText: (id: number) => string
  /** Id of a token spelled in the tokenizer's own alphabet (`Ġcat`, `<|endoftext|>`); undefined if there is none. */
  readonly id: (token: string) => number | undefined
  readonly vocabularySize: number
}

/** @throws SyntaxError when `json` is not JSON, Error when the library refuses it */
export const makeTokenizer = (json: string): Tokenizer => {
  const tokenizer = new HuggingFaceTokenizer(JSON.parse(json) as object, {})
  const encode = (text: string): Int32Array<ArrayBuffer> =>
    Int32Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids)
  const decode = (ids: ArrayLike<number>): string =>
    ids.length === 0
      ? ""
      : tokenizer.decode(Array.from(ids), { skip_special_tokens: false, clean_up_tokenization_spaces: false })
  return {
    encode,
    decode,
    tokenText: (id) => decode([id]),
    id: (token) => tokenizer.token_to_id(token),
    vocabularySize: tokenizer.get_vocab(true).size
  }
}
