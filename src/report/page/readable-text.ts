/** Texts of tokens made readable: what has no shape of its own gets one, and nothing changes the order of what stands beside it. */

/**
 * Characters that are not seen, but for joiners, which belong to the letters around them: soft hyphens, zero-width spaces, marks
 * and overrides of direction (one override would turn round all that follows it).
 */
const unseen = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]/g

const named = (character: string): string =>
  `[U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`

/** U+2400 begins Unicode's pictures of control characters, in their order. */
const picture = (control: string): string =>
  String.fromCharCode(control === "\u007f" ? 0x2421 : 0x2400 + control.charCodeAt(0))

/** With its line ends, tabs and what else is not seen to be seen. */
export const visible = (text: string): string =>
  text
    .replace(/\n/g, "↵")
    .replace(/\t/g, "⇥")
    // oxlint-disable-next-line no-control-regex -- these are what is looked for
    .replace(/[\u0000-\u001f\u007f]/g, picture)
    .replace(unseen, named)

/** An accent, a vowel sign, a joiner: what goes on with the character before it. */
const continuing = "\\p{M}\\p{Emoji_Modifier}\\u200c\\u200d"
const continuesFirst = new RegExp(`^[${continuing}]`, "u")
const continuesAnywhere = new RegExp(`[${continuing}]`, "u")

/** As `visible`; where it begins with an accent, this stands on a dotted circle, and not on what happens to be before it. */
export const visibleAlone = (text: string): string => {
  if (/^[\u200c\u200d]+$/.test(text)) return [...text].map(named).join("")
  return (continuesFirst.test(text) ? "◌" : "") + visible(text)
}

const rightToLeft = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u

/** A sentence that quotes tokens. Each that is read from right to left is so within its own quotation marks. */
export const readable = (sentence: string): string =>
  sentence.replace(/"((?:[^"\\]|\\.)*)"/g, (_, quoted: string) => {
    const text = visibleAlone(quoted)
    return rightToLeft.test(text) ? `\u2068"${text}"\u2069` : `"${text}"`
  })

/**
 * For each token the first of those that its characters belong to: one that begins within a character (an accent after its
 * letter, the second half of a joined emoji) cannot be seen by itself.
 */
export const shownWith = (tokens: ReadonlyArray<string>): ReadonlyArray<number> => {
  const whole = tokens.join("")
  if (!continuesAnywhere.test(whole)) return tokens.map((_, i) => i)
  const segments = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(whole)
  const begins = new Set(Array.from(segments, ({ index }) => index))
  let at = 0
  let first = 0
  return tokens.map((token, i) => {
    if (begins.has(at)) first = i
    at += token.length
    return first
  })
}
