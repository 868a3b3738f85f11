/**
 * Reads the YAML that experiments are made of - block maps and lists, values of one line - in a twentieth of the time that the
 * whole of YAML takes. Whatever else a text holds, be it legal or wrong, is left to the parser that knows all of it: what is
 * read here is what that one gives, to the last column.
 */
import type { Location } from "./location.ts"
import type { Entry, MapNode, Node } from "./node.ts"

/** Not plain: somebody else's to read. Thrown, and caught below, because it ends all of the reading. */
const NOT_PLAIN = Symbol("not plain")
const leave = (): never => {
  // oxlint-disable-next-line no-throw-literal
  throw NOT_PLAIN
}

/** Tabs, carriage returns, other control characters, and what some count as the end of a line. */
// oxlint-disable-next-line no-control-regex
const oddCharacters = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]/
/** The whole of a document is one: no directives, no markers. */
const marker = /^(?:---|\.\.\.|%)/m
const plainKey = /^[A-Za-z_][A-Za-z0-9_.-]*$/
/** Begins something other than a plain scalar, or may. */
const indicator = /^[-?:,[\]{}#&*!|>'"%@`]/
const word = /^(?:~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|n|N)$/
/** Of double quotes: these, and a quote or backslash as itself. */
const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t" }
const integer = /^[-+]?[0-9]+$/
const groupedInteger = /^[-+]?[0-9]+(?:_[0-9]+)+$/
const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** Numbers that are spelt in other ways, and what looks like one. */
const oddNumber = /^(?:[-+]?\.[a-zA-Z]|0[ox])/

interface Line {
  /** Column of the first character, from 0. */
  readonly indent: number
  /** From there to the end, without what follows a comment. */
  readonly text: string
  /** From 1. */
  readonly number: number
}

const withoutEnd = (text: string): string => text.replace(/ +$/, "")

/** Lines with something on them. A `#` in a quoted text is found out by who reads the text: its quote does not end. */
const linesOf = (text: string): ReadonlyArray<Line> =>
  text.split("\n").flatMap((whole, index) => {
    const indent = whole.search(/[^ ]/)
    if (indent < 0 || whole[indent] === "#") return []
    const comment = whole.indexOf(" #", indent)
    const end = comment < 0 ? whole.length : comment
    return [{ indent, text: withoutEnd(whole.slice(indent, end)), number: index + 1 }]
  })

const scalarOf = (text: string): null | boolean | number | string => {
  if (word.test(text)) {
    const lower = text.toLowerCase()
    return lower === "true" ? true : lower === "false" ? false : text === "~" || lower === "null" ? null : text
  }
  if (oddNumber.test(text)) return leave()
  const digits = groupedInteger.test(text) ? text.replaceAll("_", "") : text
  if (!decimal.test(digits)) return text
  const value = Number(digits)
  const exact = integer.test(digits) ? Number.isSafeInteger(value) : Number.isFinite(value)
  return exact ? value : leave()
}

interface Limits {
  readonly nodes: number
  readonly depth: number
}

class PlainReader {
  readonly #file: string
  readonly #lines: ReadonlyArray<Line>
  readonly #limits: Limits
  #next = 0
  #nodes = 0

  constructor(file: string, text: string, limits: Limits) {
    this.#file = file
    this.#lines = linesOf(text)
    this.#limits = limits
  }

  read(): Node {
    const first = this.#lines[0] ?? leave()
    const node = this.#block(first.indent, 1)
    return this.#next === this.#lines.length && first.indent === 0 ? node : leave()
  }

  #at(line: number, column: number): Location {
    return { file: this.#file, line, col: column + 1 }
  }

  #count(depth: number): void {
    if (++this.#nodes > this.#limits.nodes || depth > this.#limits.depth) leave()
  }

  /** The lines from here that stand at this column, and what is below them. */
  #block(indent: number, depth: number): Node {
    this.#count(depth)
    const { text, number } = this.#lines[this.#next] ?? leave()
    const at = this.#at(number, indent)
    if (text === "-" || text.startsWith("- ")) {
      const items: Array<Node> = []
      for (let line = this.#lines[this.#next]; line?.indent === indent; line = this.#lines[this.#next]) {
        if (!line.text.startsWith("- ")) break
        const offset = line.text.search(/[^- ]|-(?! )/)
        if (line.text.slice(0, offset).lastIndexOf("-") > 0) leave()
        const rest = line.text.slice(offset)
        // A map that begins on the line of its dash.
        if (keyLength(rest) > 0) leave()
        items.push(this.#value(rest, line, indent + offset, indent, depth + 1))
      }
      return { type: "list", items, at }
    }
    const entries = new Map<string, Entry>()
    for (let line = this.#lines[this.#next]; line?.indent === indent; line = this.#lines[this.#next]) {
      const { name, length } = this.#key(line.text)
      if (entries.has(name)) leave()
      const keyAt = this.#at(line.number, indent)
      const rest = line.text.slice(length + 1)
      const offset = rest.search(/[^ ]/)
      const value =
        offset < 0
          ? this.#below(indent, depth + 1)
          : this.#value(rest.slice(offset), line, indent + length + 1 + offset, indent, depth + 1)
      entries.set(name, { keyAt, value })
    }
    return { type: "map", entries, at }
  }

  #key(text: string): { readonly name: string; readonly length: number } {
    const length = keyLength(text)
    if (length === 0) leave()
    const key = text.slice(0, length)
    if (key[0] === '"' || key[0] === "'") return { name: key.slice(1, -1), length }
    return word.test(key) ? leave() : { name: key, length }
  }

  /** What a key has on the lines after its own. A list may stand at the key's own column. */
  #below(indent: number, depth: number): Node {
    this.#next++
    const line = this.#lines[this.#next]
    if (line === undefined) return leave()
    const isList = line.text.startsWith("- ")
    return line.indent > indent || (isList && line.indent === indent) ? this.#block(line.indent, depth) : leave()
  }

  /** A value that stands on one line. */
  #value(text: string, line: Line, column: number, indent: number, depth: number): Node {
    this.#next++
    const following = this.#lines[this.#next]
    // The text goes on there, or it is a mistake.
    if (following !== undefined && following.indent > indent) leave()
    const flow = new FlowReader(text, (offset) => this.#at(line.number, column + offset))
    const node = flow.whole((deeper) => this.#count(depth + deeper))
    return node
  }
}

/** Of a key at the start, with its quotes; 0 where there is none. */
const keyLength = (text: string): number => {
  const quoted = /^(?:"[^"\\]*"|'[^']*')(?=:(?: |$))/.exec(text)
  if (quoted !== null) return quoted[0].length
  const end = /:(?: |$)/.exec(text)?.index ?? 0
  return plainKey.test(text.slice(0, end)) ? end : 0
}

/** One line: a scalar, quoted or not, or `[...]` and `{...}`. */
class FlowReader {
  readonly #text: string
  readonly #locate: (offset: number) => Location
  #position = 0

  constructor(text: string, locate: (offset: number) => Location) {
    this.#text = text
    this.#locate = locate
  }

  whole(count: (depth: number) => void): Node {
    const first = this.#text[0] as string
    const isFlow = first === "[" || first === "{" || first === '"' || first === "'"
    if (!isFlow) {
      count(0)
      return this.#plain(this.#text)
    }
    const node = this.#node(count, 0)
    return this.#position === this.#text.length ? node : leave()
  }

  /** @param text all of a plain scalar in a block */
  #plain(text: string): Node {
    if (indicator.test(text) && !/^-[^ ]/.test(text)) leave()
    if (/:(?: |$)/.test(text)) leave()
    return { type: "scalar", value: scalarOf(text), at: this.#locate(0) }
  }

  #spaces(): void {
    while (this.#text[this.#position] === " ") this.#position++
  }

  #node(count: (depth: number) => void, depth: number): Node {
    count(depth)
    const at = this.#locate(this.#position)
    const first = this.#text[this.#position]
    if (first === '"' || first === "'") return { type: "scalar", value: this.#quoted(), at }
    if (first === "[") return { type: "list", items: this.#items("]", () => this.#node(count, depth + 1)), at }
    if (first === "{") return this.#map(count, depth, at)
    const found = /^[^,[\]{}#&*!|>'"%@`?:\s][^,[\]{}:#]*/.exec(this.#text.slice(this.#position))?.[0] ?? leave()
    const text = withoutEnd(found)
    if (text.startsWith("-") && !/^-[^ ,]/.test(text)) leave()
    this.#position += text.length
    return { type: "scalar", value: scalarOf(text), at }
  }

  #map(count: (depth: number) => void, depth: number, at: Location): MapNode {
    const entries = new Map<string, Entry>()
    this.#items("}", () => {
      const keyAt = this.#locate(this.#position)
      const rest = this.#text.slice(this.#position)
      const length = keyLength(rest)
      const key = rest.slice(0, length)
      const quoted = key.startsWith('"') || key.startsWith("'")
      const name = quoted ? key.slice(1, -1) : key
      if (length === 0 || (!quoted && word.test(name)) || entries.has(name)) leave()
      this.#position += length + 1
      this.#spaces()
      entries.set(name, { keyAt, value: this.#node(count, depth + 1) })
    })
    return { type: "map", entries, at }
  }

  #items<A>(end: string, read: () => A): ReadonlyArray<A> {
    const items: Array<A> = []
    this.#position++
    this.#spaces()
    if (this.#text[this.#position] === end) {
      this.#position++
      return items
    }
    for (;;) {
      items.push(read())
      this.#spaces()
      const found = this.#text[this.#position++]
      if (found === end) return items
      if (found !== ",") leave()
      this.#spaces()
    }
  }

  #quoted(): string {
    const quoted = /^(?:"(?:[^"\\]|\\[nt"\\])*"|'(?:[^']|'')*')/.exec(this.#text.slice(this.#position))?.[0] ?? leave()
    this.#position += quoted.length
    const inside = quoted.slice(1, -1)
    if (quoted.startsWith("'")) return inside.replaceAll("''", "'")
    return inside.replaceAll(/\\(.)/g, (_, escaped: string) => escapes[escaped] ?? escaped)
  }
}

/** @param limits of values, and of lists and maps inside of each other: what is beyond them is left, too */
export const readPlainYaml = (file: string, text: string, limits: Limits): Node | undefined => {
  if (oddCharacters.test(text) || marker.test(text)) return undefined
  try {
    return new PlainReader(file, text, limits).read()
  } catch (cause) {
    if (cause === NOT_PLAIN) return undefined
    throw cause
  }
}
