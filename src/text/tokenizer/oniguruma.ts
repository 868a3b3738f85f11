/**
 * Regular expressions of tokenizer.json, which the Rust library gives to Oniguruma (Ruby syntax), as JavaScript's: what
 * means something else there is rewritten (`\s`, `\w`, `$`, possessive quantifiers, atomic groups, `(?i:...)`, class
 * intersections), and what has no counterpart is refused. Source: Oniguruma's doc/RE of version 6.9, and its answers for
 * every code point (Unicode 16).
 */
import { newInUnicode17 } from "./character-sets.ts"
import { onigurumaProperty, posixBracket, space, word } from "./oniguruma-property.ts"

/** What is wrong with a pattern, without its place. */
export class PatternProblem extends Error {}

const hex = (character: string): string => `\\u{${(character.codePointAt(0) as number).toString(16)}}`
const literal = (character: string): string => (/[A-Za-z0-9]/.test(character) ? character : hex(character))

/** Outside of classes `\w` also takes these, as Oniguruma's table of Latin-1 has it. */
const wordAlone = `[${word}\\u{b2}\\u{b3}\\u{b9}\\u{bc}-\\u{be}]`
const controlEscapes: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  f: "\f",
  v: "\v",
  a: "\u0007",
  e: "\u001b"
}
const classEscapes: Readonly<Record<string, string>> = {
  s: space,
  d: `[\\p{Nd}--[${newInUnicode17}]]`,
  w: `[${word}]`,
  h: "[0-9A-Fa-f]"
}
const assertions: Readonly<Record<string, string>> = {
  A: "(?<![^])",
  z: "(?![^])",
  Z: "(?=\\n?(?![^]))",
  b: `(?:(?<=${wordAlone})(?!${wordAlone})|(?<!${wordAlone})(?=${wordAlone}))`,
  B: `(?:(?<=${wordAlone})(?=${wordAlone})|(?<!${wordAlone})(?!${wordAlone}))`
}
const lineStart = "(?:(?<![^])|(?<=\\n)(?=[^]))"
const lineEnd = "(?:(?=\\n)|(?![^]))"
/** Strings that one character folds to. */
const foldedTogether = /ss|s?t(?<=st)|ff|fi|fl/i

/** An ASCII letter and what folds to it: Oniguruma takes U+017F for s and U+212A for k. */
const folded = (letter: string): string => {
  const lower = letter.toLowerCase()
  const more = lower === "s" ? "\\u{17f}" : lower === "k" ? "\\u{212a}" : ""
  return `${lower}${lower.toUpperCase()}${more}`
}

interface Atom {
  readonly source: string
  /** The character, where the atom is one. */
  readonly character?: string
  /** Whether a quantifier may follow. */
  readonly repeats: boolean
}

class Translation {
  readonly #source: string
  #at = 0
  #groups = 0

  constructor(source: string) {
    this.#source = source
  }

  get #next(): string {
    const point = this.#source.codePointAt(this.#at)
    return point === undefined ? "" : String.fromCodePoint(point)
  }

  #take(): string {
    const next = this.#next
    if (next === "") throw new PatternProblem("it ends too early")
    this.#at += next.length
    return next
  }

  #skip(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#source)
    if (found !== null) this.#at += found[0].length
    return found
  }

  whole(): string {
    const folding = this.#skip("(?i)")
    const source = this.#alternatives(folding)
    if (this.#at < this.#source.length) throw new PatternProblem("a parenthesis is closed that was not opened")
    return source
  }

  #alternatives(folding: boolean): string {
    const branches = [this.#branch(folding)]
    while (this.#skip("|")) branches.push(this.#branch(folding))
    return branches.join("|")
  }

  #branch(folding: boolean): string {
    let source = ""
    let run = ""
    while (this.#next !== "" && this.#next !== "|" && this.#next !== ")") {
      const atom = this.#atom(folding)
      run = atom.character === undefined ? "" : run + atom.character
      if (folding && foldedTogether.test(run)) {
        throw new PatternProblem(`it ignores case in ${JSON.stringify(run)}, which a single character may stand for`)
      }
      const repeated = this.#quantified(atom)
      if (repeated !== atom.source) run = ""
      source += repeated
    }
    return source
  }

  /** Matched as a whole or not at all. */
  #atomic(source: string): string {
    const name = `atomic${this.#groups++}`
    return `(?:(?=(?<${name}>${source}))\\k<${name}>)`
  }

  #quantified(atom: Atom): string {
    let { source } = atom
    for (let first = true; ; first = false) {
      const interval = this.#match(/\{(?:(\d+)(,)?(\d*)|,(\d+))\}/y)
      const sign = interval === null ? this.#match(/[*+?]/y)?.[0] : this.#interval(interval)
      if (sign === undefined) return source
      if (!atom.repeats) throw new PatternProblem("it repeats what matches no character")
      const inner = first ? source : `(?:${source})`
      if (this.#skip("?")) {
        if (interval !== null && !sign.includes(",")) throw new PatternProblem(`it has the quantifier ${sign}?`)
        source = `${inner}${sign}?`
      } else if (interval === null && this.#skip("+")) source = this.#atomic(`${inner}${sign}`)
      else source = `${inner}${sign}`
      // Of "{2}+" the plus is another quantifier.
      source =
        this.#source[this.#at] !== undefined && /[*+?{]/.test(this.#source[this.#at] as string)
          ? `(?:${source})`
          : source
    }
  }

  #interval([, low, comma, high, most]: RegExpExecArray): string {
    if (most !== undefined) return `{0,${most}}`
    return comma === undefined ? `{${low}}` : `{${low},${high}}`
  }

  #atom(folding: boolean): Atom {
    const next = this.#take()
    switch (next) {
      case "(":
        return this.#group(folding)
      case "[":
        return { source: this.#class(folding), repeats: true }
      case ".":
        return { source: "[^\\n]", repeats: true }
      case "^":
        return { source: lineStart, repeats: false }
      case "$":
        return { source: lineEnd, repeats: false }
      case "\\":
        return this.#escape(folding)
      case "*":
      case "+":
      case "?":
        throw new PatternProblem(`there is nothing to repeat before ${next}`)
      default:
        return this.#character(next, folding)
    }
  }

  #character(character: string, folding: boolean): Atom {
    if (!folding) return { source: literal(character), character, repeats: true }
    if (/[A-Za-z]/.test(character)) return { source: `[${folded(character)}]`, character, repeats: true }
    this.#refuseFolding(character)
    return { source: literal(character), character, repeats: true }
  }

  #refuseFolding(character: string): void {
    if (character > "\u007f" && character.toLowerCase() !== character.toUpperCase()) {
      throw new PatternProblem(`it ignores the case of ${character}`)
    }
  }

  #group(folding: boolean): Atom {
    const close = (source: string, repeats = true): Atom => {
      if (!this.#skip(")")) throw new PatternProblem("a parenthesis is not closed")
      return { source, repeats }
    }
    if (!this.#skip("?")) return close(`(?:${this.#alternatives(folding)})`)
    if (this.#skip(":")) return close(`(?:${this.#alternatives(folding)})`)
    if (this.#skip("i:")) return close(`(?:${this.#alternatives(true)})`)
    if (this.#skip("-i:")) return close(`(?:${this.#alternatives(false)})`)
    if (this.#skip(">")) return close(this.#atomic(this.#alternatives(folding)))
    for (const look of ["=", "!", "<=", "<!"]) {
      if (this.#skip(look)) return close(`(?${look}${this.#alternatives(folding)})`, false)
    }
    throw new PatternProblem(`it has the group (?${this.#next}`)
  }

  #escape(folding: boolean): Atom {
    const property = this.#property()
    if (property !== undefined) return { source: property, repeats: true }
    const point = this.#codePoint()
    if (point !== undefined) return this.#character(point, folding)
    const next = this.#take()
    const control = controlEscapes[next]
    if (control !== undefined) return { source: hex(control), character: control, repeats: true }
    const assertion = assertions[next]
    if (assertion !== undefined) return { source: assertion, repeats: false }
    if (next === "w") return { source: wordAlone, repeats: true }
    if (next === "W") return { source: `[^${wordAlone}]`, repeats: true }
    if (next === "R") return { source: this.#atomic("\\r\\n|[\\n\\v\\f\\r\\u{85}\\u{2028}\\u{2029}]"), repeats: true }
    if (next === "N") return { source: "[^\\n]", repeats: true }
    if (next === "O") return { source: "[^]", repeats: true }
    const set = this.#classEscape(next)
    if (set !== undefined) return { source: set, repeats: true }
    if (/[A-Za-z0-9]/.test(next)) throw new PatternProblem(`it has \\${next}`)
    return this.#character(next, folding)
  }

  #classEscape(letter: string): string | undefined {
    const positive = classEscapes[letter]
    if (positive !== undefined) return positive
    const negative = letter === letter.toLowerCase() ? undefined : classEscapes[letter.toLowerCase()]
    return negative === undefined ? undefined : `[^${negative}]`
  }

  /** Behind a backslash: `p{...}`, `P{...}`, `p{^...}`. */
  #property(): string | undefined {
    const found = this.#match(/([pP])\{(\^?)([^}]*)\}/y)
    if (found === null) return undefined
    const [text, letter, caret, name] = found
    const source = onigurumaProperty(name as string)
    if (source === undefined) throw new PatternProblem(`it has the property \\${text}`)
    return (letter === "P") === (caret === "^") ? source : `[^${source}]`
  }

  /** Behind a backslash: `x41`, `x{1F600}`, `u00e9`, `012`. */
  #codePoint(): string | undefined {
    const found = this.#match(/x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|0([0-7]{0,2})/y)
    if (found === null) return undefined
    const [, braced, byte, unit, octal] = found
    const point =
      octal === undefined ? Number.parseInt((braced ?? byte ?? unit) as string, 16) : Number.parseInt(`0${octal}`, 8)
    // A byte above 7f is a byte of UTF-8 to Oniguruma, not a character.
    if (point > 0x10ffff || (byte !== undefined && point > 0x7f))
      throw new PatternProblem(`it has the escape \\${found[0]}`)
    return String.fromCodePoint(point)
  }

  /** Behind `[`: a class of the flag `v`. */
  #class(folding: boolean): string {
    const negated = this.#skip("^")
    const operands: Array<string> = []
    let members: Array<string> = []
    for (let first = true; ; first = false) {
      if (this.#next === "") throw new PatternProblem("a class is not closed")
      if (!first && this.#skip("]")) break
      if (this.#skip("&&")) {
        operands.push(`[${members.join("")}]`)
        members = []
        continue
      }
      const [source, character] = this.#member(folding)
      // Between two characters a hyphen is a range; elsewhere it stands for itself.
      if (character !== undefined && this.#next === "-" && !/^-(\]|&&)/.test(this.#source.slice(this.#at))) {
        this.#take()
        const [, last] = this.#member(folding)
        if (last === undefined) throw new PatternProblem("a range of a class ends with a set")
        members.push(this.#range(character, last, folding))
      } else members.push(source)
    }
    operands.push(`[${members.join("")}]`)
    const intersection = operands.length === 1 ? (operands[0] as string).slice(1, -1) : operands.join("&&")
    return `[${negated ? "^" : ""}${intersection}]`
  }

  #range(first: string, last: string, folding: boolean): string {
    if (first > last && (first.codePointAt(0) as number) > (last.codePointAt(0) as number)) {
      throw new PatternProblem("a range of a class is empty")
    }
    const range = `${hex(first)}-${hex(last)}`
    if (!folding) return range
    if (last > "\u007f") throw new PatternProblem("it ignores case in a range beyond ASCII")
    const inside = Array.from("abcdefghijklmnopqrstuvwxyz").filter((letter) =>
      [letter, letter.toUpperCase()].some((each) => each >= first && each <= last)
    )
    return range + inside.map(folded).join("")
  }

  /** One member of a class, and the character that it is, if it is one. */
  #member(folding: boolean): readonly [string, string?] {
    const posix = this.#match(/\[:(\^?)([a-z]+):\]/y)
    if (posix !== null) {
      const source = posixBracket(posix[2] as string)
      if (source === undefined) throw new PatternProblem(`it has the class ${posix[0]}`)
      return [posix[1] === "" ? source : `[^${source}]`]
    }
    const next = this.#take()
    if (next === "[") return [this.#class(folding)]
    if (next !== "\\") return this.#classCharacter(next, folding)
    const property = this.#property()
    if (property !== undefined) {
      if (folding) throw new PatternProblem("it ignores case in a class with a property")
      return [property]
    }
    const point = this.#codePoint()
    if (point !== undefined) return this.#classCharacter(point, folding)
    const letter = this.#take()
    const control = letter === "b" ? "\b" : controlEscapes[letter]
    if (control !== undefined) return [hex(control), control]
    const set = this.#classEscape(letter)
    if (set !== undefined) return [set]
    if (/[A-Za-z0-9]/.test(letter)) throw new PatternProblem(`it has \\${letter} in a class`)
    return this.#classCharacter(letter, folding)
  }

  #classCharacter(character: string, folding: boolean): readonly [string, string] {
    if (folding && /[A-Za-z]/.test(character)) return [folded(character), character]
    if (folding) this.#refuseFolding(character)
    return [hex(character), character]
  }
}

/** @throws PatternProblem where it cannot be done right */
export const onigurumaPattern = (source: string): RegExp => {
  const translated = new Translation(source).whole()
  try {
    return new RegExp(translated, "gv")
  } catch (error) {
    throw new PatternProblem(error instanceof Error ? error.message : String(error))
  }
}
