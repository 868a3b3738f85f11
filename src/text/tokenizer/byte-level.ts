/**
 * The byte-level alphabet and word splitting of GPT-2 (Radford et al. 2019, `encoder.py`): every byte has a printable
 * character, and text is cut into words, numbers, punctuation and white space before pairs are merged.
 */

/** GPT-2's pre-tokenizer pattern; the same as the ByteLevel pre-tokenizer of Hugging Face. */
export const byteLevelPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

const printable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)

/** Character of each byte 0..255: printable Latin-1 bytes stand for themselves, the others for U+0100 and up. */
export const byteCharacters: ReadonlyArray<string> = (() => {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++))
})()

const encoder = new TextEncoder()

/** ` cat` -> `Ġcat`: the UTF-8 bytes of `text` in the byte-level alphabet. */
export const toByteLevel = (text: string): string => {
  let out = ""
  for (const byte of encoder.encode(text)) out += byteCharacters[byte] as string
  return out
}
