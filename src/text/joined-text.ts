/** Text of tokens one after another, where some may be parts of one character's bytes. */
import type { TextTokenizer } from "./tokenizer.ts"

/** A token ends at most so many after that which begins a character: four bytes, and words on both sides of them. */
const MOST_TOGETHER = 6

const isPart = (text: string): boolean => text.includes("\uFFFD")

/**
 * Tokens that together make whole characters are decoded together; a part without the rest stands by its number, as it does
 * where it stands alone.
 */
export const joinedText = (
  { decode, tokenText }: Pick<TextTokenizer, "decode" | "tokenText">,
  ids: ReadonlyArray<number>
): string => {
  let text = ""
  for (let at = 0; at < ids.length;) {
    const alone = tokenText(ids[at] as number)
    let end = at + 1
    let whole = alone
    while (isPart(whole) && end < Math.min(ids.length, at + MOST_TOGETHER)) whole = decode(ids.slice(at, ++end))
    if (isPart(whole)) {
      text += `#${ids[at]}`
      at++
    } else {
      text += whole
      at = end
    }
  }
  return text
}
