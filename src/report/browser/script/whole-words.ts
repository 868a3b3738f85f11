/** Which tokens of an example are shown. */

/** A letter of a script that puts spaces between words. */
const letter =
  "(?![\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}])[\\p{L}\\p{M}]"
const letterFirst = new RegExp(`^${letter}`, "u")
const letterLast = new RegExp(`${letter}$`, "u")

/** Where a word is cut off at the window's edge, it is left out: a context begins and ends with whole words. */
export const wholeWords = (texts: ReadonlyArray<string>, pivot: number): readonly [first: number, end: number] => {
  const begins = (i: number): boolean =>
    i === 0 || !letterFirst.test(texts[i] ?? "") || !letterLast.test(texts[i - 1] ?? "")
  let first = 0
  // The window may begin in a word: whatever goes on without a space or a mark before it is part of one.
  if (letterFirst.test(texts[0] ?? "")) while (first < pivot && (first === 0 || !begins(first))) first++
  let end = texts.length
  if (letterLast.test(texts[end - 1] ?? "")) {
    let start = end - 1
    while (start > pivot && !begins(start)) start--
    if (start > pivot) end = start
  }
  return [first, end]
}
