/** Oniguruma's character properties (`\p{...}`, `[[:...:]]`) as classes of JavaScript's flag `v`, in Unicode 16. */
import { newInUnicode17 } from "./character-sets.ts"

const known = (source: string): string => `[${source}--[${newInUnicode17}]]`

export const space = "\\p{White_Space}"
const unassigned = `[\\p{Cn}${newInUnicode17}]`
/** Within `[...]`: `\w` of a class. */
export const word = known("[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]")
const graph = `[^${space}\\p{Cc}\\p{Cs}${unassigned}]`
const ascii = "[0-9A-Fa-f]"
/** U+0295 became a letter without case in Unicode 17. */
const lower = `[${known("\\p{Lowercase}")}\\u{295}]`
const ll = `[${known("\\p{Ll}")}\\u{295}]`
const lo = `[${known("\\p{Lo}")}--[\\u{295}]]`

const brackets: Readonly<Record<string, string>> = {
  alpha: known("\\p{Alphabetic}"),
  alnum: known("[\\p{Alphabetic}\\p{Nd}]"),
  blank: "[\\p{Zs}\\t]",
  cntrl: "\\p{Cc}",
  digit: known("\\p{Nd}"),
  graph,
  lower,
  print: `[${graph}\\p{Zs}]`,
  punct: known("[\\p{P}\\p{S}]"),
  space,
  upper: known("\\p{Uppercase}"),
  word,
  xdigit: ascii
}

/** `[[:name:]]` */
export const posixBracket = (name: string): string | undefined =>
  Object.hasOwn(brackets, name) ? brackets[name] : undefined

/** Where the engine's property of the name is another. */
const corrected: Readonly<Record<string, string>> = {
  ll,
  lowercaseletter: ll,
  lo,
  otherletter: lo,
  lowercase: lower,
  punct: known("\\p{P}"),
  cn: unassigned,
  unassigned,
  c: `[\\p{C}${unassigned}]`,
  other: `[\\p{C}${unassigned}]`,
  any: "[^]",
  word: `[${word}\\u{b2}\\u{b3}\\u{b9}\\u{bc}-\\u{be}]`
}

const categories =
  "L LC Lu Ll Lt Lm Lo M Mn Mc Me N Nd Nl No P Pc Pd Ps Pe Pi Pf Po S Sm Sc Sk So Z Zs Zl Zp Cc Cf Co".split(" ")
const longNames =
  "Letter Cased_Letter Uppercase_Letter Titlecase_Letter Modifier_Letter Mark Nonspacing_Mark Spacing_Mark Enclosing_Mark Number Decimal_Number Letter_Number Other_Number Punctuation Connector_Punctuation Dash_Punctuation Open_Punctuation Close_Punctuation Initial_Punctuation Final_Punctuation Other_Punctuation Symbol Math_Symbol Currency_Symbol Modifier_Symbol Other_Symbol Separator Space_Separator Line_Separator Paragraph_Separator Control Format Private_Use".split(
    " "
  )
const binary =
  "Alphabetic Uppercase White_Space Emoji Ideographic Math Dash Diacritic Hex_Digit ID_Start ID_Continue XID_Start XID_Continue".split(
    " "
  )

const loose = (name: string): string => name.toLowerCase().replace(/[\s_-]/g, "")
const properties = new Map([...categories, ...longNames, ...binary].map((name) => [loose(name), name]))

/** @param name what stands in `\p{...}`: case, spaces, `_` and `-` do not matter. @returns undefined where it is not known */
export const onigurumaProperty = (name: string): string | undefined => {
  const plain = loose(name)
  if (Object.hasOwn(corrected, plain)) return corrected[plain]
  const bracket = posixBracket(plain)
  if (bracket !== undefined) return bracket
  const property = properties.get(plain)
  if (property !== undefined) return known(`\\p{${property}}`)
  const script = name
    .split(/[\s_-]/)
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1).toLowerCase())
    .join("_")
  try {
    return known(new RegExp(`\\p{Script=${script}}`, "v").source)
  } catch {
    return undefined
  }
}
