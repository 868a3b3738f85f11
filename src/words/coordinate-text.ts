/**
 * How a coordinate of a matrix is written in `[width=512,name="a b"]`: a literal that a selector reads back as itself. A string
 * stands bare where nothing else could be meant by it.
 */
import { canonicalJson, type Json } from "../json/canonical-json.ts"

/** What else a bare word means in a selector: the first or last position on the axis, any value. */
const keywords = ["first", "last", "*"]
const words: Readonly<Record<string, Json>> = { true: true, false: false, null: null, "~": null }

/** A number as YAML writes one, with `_` between digits. */
const numberOf = (text: string): number | undefined => {
  if (/^[-+]?(\d[\d_]*(\.[\d_]*)?|\.\d[\d_]*)([eE][-+]?\d+)?$/.test(text)) return Number(text.replaceAll("_", ""))
  return /^0(x[0-9a-fA-F]+|o[0-7]+)$/.test(text) ? Number(text) : undefined
}

const parseJson = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** Undefined: it begins like JSON and is none. */
export const parseCoordinate = (text: string): Json | undefined => {
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replaceAll("''", "'")
  if (/^["[{]/.test(text)) return parseJson(text)
  if (Object.hasOwn(words, text)) return words[text] as Json
  return numberOf(text) ?? text
}

const meansItself = (text: string): boolean =>
  /^[^\s,=[\]{}"'*]+$/.test(text) &&
  !keywords.includes(text) &&
  !/^(params|matrix)\./.test(text) &&
  parseCoordinate(text) === text

export const formatCoordinate = (value: Json): string =>
  typeof value === "string" && meansItself(value) ? value : canonicalJson(value)

/** `width=512,seed=0`; empty for a stage without a matrix. */
export const coordinatesText = (at: Readonly<Record<string, Json>>): string =>
  Object.entries(at)
    .map(([axis, value]) => `${axis}=${formatCoordinate(value)}`)
    .join(",")
