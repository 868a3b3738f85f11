/** Python's methods of strings, and Jinja's filters of the same names, where JavaScript's are others. */

/** What `str.isspace` says yes to; JavaScript's `trim` knows U+FEFF too, and does not know U+001C to U+001F and U+0085. */
const space = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000"
const startSpace = new RegExp(`^[${space}]+`)
const endSpace = new RegExp(`[${space}]+$`)
const spaces = new RegExp(`[${space}]+`)

const stripStart = (text: string, characters: string | undefined): string => {
  if (characters === undefined) return text.replace(startSpace, "")
  const [all, some] = [Array.from(text), new Set(characters)]
  const from = all.findIndex((each) => !some.has(each))
  return from < 0 ? "" : all.slice(from).join("")
}

const stripEnd = (text: string, characters: string | undefined): string => {
  if (characters === undefined) return text.replace(endSpace, "")
  const [all, some] = [Array.from(text), new Set(characters)]
  return all.slice(0, all.findLastIndex((each) => !some.has(each)) + 1).join("")
}

export const strip = (text: string, characters: string | undefined): string =>
  stripEnd(stripStart(text, characters), characters)

/** `str.strip` and its halves: white space, or whichever of the given characters stand there. */
export const strips: Readonly<Record<string, typeof strip>> = { lstrip: stripStart, rstrip: stripEnd, strip }

/** `str.split()` and `str.split(None, count)`: at runs of white space. */
export const splitAtSpaces = (text: string, count: number): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let rest = stripStart(text, undefined)
  while (rest !== "") {
    const at = parts.length === count ? -1 : rest.search(spaces)
    parts.push(at < 0 ? rest : rest.slice(0, at))
    rest = at < 0 ? "" : stripStart(rest.slice(at), undefined)
  }
  return parts
}

/** Letters whose title case is a letter of its own: the digraphs of Unicode (U+01C4 to U+01F3). */
const titleCases: Readonly<Record<string, string>> = { Ǆ: "ǅ", Ǉ: "ǈ", Ǌ: "ǋ", Ǳ: "ǲ" }

const titled = (character: string): string => {
  const upper = character.toUpperCase()
  const [first = "", ...others] = upper
  return titleCases[upper] ?? first + others.join("").toLowerCase()
}

/** `str.capitalize`: the first character in title case, the others in lower case. */
export const capitalize = (text: string): string => {
  const [first = "", ...others] = text
  return titled(first) + others.join("").toLowerCase()
}

/** `str.title`: every run of letters. */
export const title = (text: string): string =>
  text.replace(/\p{L}+/gu, (word) => {
    const [first = "", ...others] = word
    return titled(first) + others.join("").toLowerCase()
  })

/** Jinja's filter `title`: what follows white space, a hyphen or a bracket, in upper case. */
export const titleFilter = (text: string): string =>
  text
    .split(new RegExp(`([-${space}({[<]+)`))
    .map((part) => {
      const [first = "", ...others] = part
      return first.toUpperCase() + others.join("").toLowerCase()
    })
    .join("")

const digits = "[0-9](?:_?[0-9])*"
const whole = new RegExp(`^[+-]?${digits}$`)
const decimal = new RegExp(`^[+-]?(?:${digits}\\.?(?:${digits})?|\\.${digits})(?:[eE][+-]?${digits})?$`)

/** `float(text)`, or undefined where Python raises. */
export const floatOf = (text: string): number | undefined => {
  const bare = strip(text, undefined)
  if (/^[+-]?(?:inf(?:inity)?|nan)$/i.test(bare)) {
    return /nan/i.test(bare) ? Number.NaN : bare.startsWith("-") ? -Infinity : Infinity
  }
  return decimal.test(bare) ? Number(bare.replaceAll("_", "")) : undefined
}

/** Jinja's filter `int` on text: a whole number, or a decimal one without its fraction; undefined where it is neither. */
export const intOf = (text: string): number | undefined => {
  const bare = strip(text, undefined)
  if (whole.test(bare)) return Number(bare.replaceAll("_", ""))
  const value = floatOf(bare)
  return value === undefined || !Number.isFinite(value) ? undefined : Math.trunc(value)
}
