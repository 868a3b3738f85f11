/**
 * YAML text to located nodes. Aliases and merge keys (`<<`) are followed; a value keeps the place where it is written.
 *
 * YAML 1.2, core schema, and digits grouped by underscores (`400_000`), as people write token counts.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml"
import type { ScalarTag, Scalar, YAMLMap } from "yaml"
import type { Location } from "./location.ts"
import type { Entry, Node } from "./node.ts"
import type { Problem } from "./problem.ts"
import { readPlainYaml } from "./read-plain-yaml.ts"

/** Above any file that a person writes; it stops aliases of aliases that would fill the memory. */
const MAX_NODES = 100_000

/** Lists and maps inside of each other. What reads them calls itself for each. */
const MAX_DEPTH = 64
const TOO_DEEP = `lists and maps are more than ${MAX_DEPTH} deep inside of each other`
const TWO_DOCUMENTS = "a second document begins here, and a file holds one: take out the `---`, or make two files"

const groupedDigits: ScalarTag = {
  identify: () => false,
  default: true,
  tag: "tag:yaml.org,2002:int",
  test: /^[-+]?[0-9]+(?:_[0-9]+)+$/,
  resolve: (text) => Number(text.replaceAll("_", ""))
}

const isMergeKey = (key: unknown): boolean =>
  isScalar(key) && (key.value === "<<" || (typeof key.value === "symbol" && key.value.description === "<<"))

/** The whole of a one-line text, as for `--set`; in a file, `position` is looked up in its lines. */
type Locate = (position: number) => Location

interface Reader {
  readonly problems: ReadonlyArray<Problem>
  /** undefined: a problem says why. */
  readonly read: (node: unknown, path: string, fallback: Location) => Node | undefined
  /** Why nothing of the text is used: parts of it were left out. */
  readonly tooLarge: () => Problem | undefined
}

const makeReader = (locate: Locate): Reader => {
  const problems: Array<Problem> = []
  const open = new Set<unknown>()
  // By name, the latest one that was read: looking an alias up in the document walks through all of it each time.
  const anchors = new Map<string, unknown>()
  const named = new Set<unknown>()
  let nodes = 0
  let tooLarge: Problem | undefined
  const report = (at: Location, path: string, message: string): undefined => {
    problems.push({ at, path, message })
  }

  const readScalar = ({ value, source }: Scalar, path: string, at: Location): Node | undefined => {
    if (typeof value === "number") {
      if (!Number.isFinite(value)) return report(at, path, `${source ?? value} is not a finite number`)
      if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?[0-9_]+$/.test(source ?? "")) {
        return report(at, path, `${source} has more digits than a number can hold exactly; quote it if it is a name`)
      }
      return { type: "scalar", value, at }
    }
    if (value === null || typeof value === "boolean" || typeof value === "string") return { type: "scalar", value, at }
    return report(at, path, `expected a plain value, got ${String(value)}`)
  }

  const read = (node: unknown, path: string, fallback: Location): Node | undefined => {
    if (++nodes > MAX_NODES) {
      tooLarge ??= { at: fallback, path, message: `more than ${MAX_NODES} values, aliases counted` }
      return undefined
    }
    if (open.size >= MAX_DEPTH) {
      tooLarge ??= { at: fallback, path, message: TOO_DEEP }
      return undefined
    }
    if (node === null || node === undefined) return { type: "scalar", value: null, at: fallback }
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target === undefined) return report(fallback, path, `there is no anchor &${node.source} above`)
      if (open.has(target)) return report(fallback, path, `the anchor &${node.source} contains itself`)
      return read(target, path, fallback)
    }
    const { range, anchor } = node as Scalar
    if (anchor !== undefined && !named.has(node)) {
      named.add(node)
      anchors.set(anchor, node)
    }
    const at = range ? locate(range[0]) : fallback
    if (isScalar(node)) return readScalar(node, path, at)
    open.add(node)
    let result: Node | undefined
    if (isSeq(node)) {
      const items = node.items.map((item, index) => read(item, `${path}[${index}]`, at))
      result = { type: "list", items: items.filter((item) => item !== undefined), at }
    } else if (isMap(node)) {
      result = { type: "map", entries: readEntries(node, path, at), at }
    }
    open.delete(node)
    return result
  }

  const readEntries = (map: YAMLMap, path: string, fallback: Location): ReadonlyMap<string, Entry> => {
    const own = new Map<string, Entry>()
    const merged = new Map<string, Entry>()
    for (const { key, value } of map.items) {
      const range = isScalar(key) ? key.range : undefined
      const keyAt = range ? locate(range[0]) : fallback
      if (isMergeKey(key)) {
        for (const [name, entry] of readMerged(value, path, keyAt)) {
          if (!merged.has(name)) merged.set(name, entry)
        }
        continue
      }
      if (!isScalar(key)) {
        report(keyAt, path, "a key must be a plain value")
        continue
      }
      const name = typeof key.value === "string" ? key.value : (key.source ?? String(key.value))
      const below = path === "" ? name : `${path}.${name}`
      const first = own.get(name)
      if (first !== undefined) {
        report(keyAt, below, `given twice, first in line ${first.keyAt.line}`)
        continue
      }
      const node = read(value, below, keyAt)
      if (node !== undefined) own.set(name, { keyAt, value: node })
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry)
    return own
  }

  /** `<<: *a` or `<<: [*a, *b]`: the earlier one wins. */
  const readMerged = (value: unknown, path: string, at: Location): ReadonlyArray<readonly [string, Entry]> => {
    const node = read(value, path, at)
    const maps = node?.type === "list" ? node.items : node === undefined ? [] : [node]
    return maps.flatMap((map) => {
      if (map.type === "map") return [...map.entries]
      report(at, path, "<< takes a map, or a list of maps")
      return []
    })
  }

  return { problems, read, tooLarge: () => tooLarge }
}

export interface ReadYaml {
  /** undefined: the text cannot be read at all. */
  readonly node: Node | undefined
  readonly problems: ReadonlyArray<Problem>
}

const parse = (text: string, locate: (lines: LineCounter) => Locate): ReadYaml => {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    // Checked here, where the path is known.
    uniqueKeys: false,
    merge: true,
    version: "1.2",
    customTags: (tags) => [groupedDigits, ...tags]
  })
  const at = locate(lines)
  const faults = [...document.errors, ...document.warnings]
  if (faults.length > 0) {
    const problems = faults.map(({ code, pos, message }) => ({
      at: at(pos[0]),
      path: "",
      // The parser's own words for what its calls of itself could not follow, and for what its caller should have called.
      message: /call stack/i.test(message)
        ? TOO_DEEP
        : code === "MULTIPLE_DOCS"
          ? TWO_DOCUMENTS
          : `not YAML: ${message}`
    }))
    return { node: undefined, problems }
  }
  const reader = makeReader(at)
  const node = reader.read(document.contents, "", at(0))
  const tooLarge = reader.tooLarge()
  if (tooLarge !== undefined) return { node: undefined, problems: [tooLarge] }
  return { node, problems: reader.problems }
}

/** All of YAML, whatever the text. */
export const readAnyYaml = (file: string, text: string): ReadYaml =>
  parse(text, (lines) => (position) => ({ file, ...lines.linePos(position) }))

/** What decoding makes of bytes that are not UTF-8, and what UTF-16 has between its letters: neither is meant. */
const FOREIGN = ["\0", "\uFFFD"]

const encodingProblem = (file: string, text: string): Problem | undefined => {
  const index = Math.min(...FOREIGN.map((letter) => text.indexOf(letter)).filter((found) => found >= 0))
  if (!Number.isFinite(index)) return undefined
  const before = text.slice(0, index).split("\n")
  const at = { file, line: before.length, col: (before.at(-1)?.length ?? 0) + 1 }
  return { at, path: "", message: "not UTF-8: save the file in that encoding" }
}

export const readYaml = (file: string, text: string): ReadYaml => {
  const foreign = encodingProblem(file, text)
  if (foreign !== undefined) return { node: undefined, problems: [foreign] }
  const node = readPlainYaml(file, text, { nodes: MAX_NODES, depth: MAX_DEPTH })
  return node === undefined ? readAnyYaml(file, text) : { node, problems: [] }
}

/** A value by itself, as on the command line: every place in it is `at`. */
export const readYamlValue = (text: string, at: Location): ReadYaml => parse(text, () => () => at)
