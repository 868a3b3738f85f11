/**
 * The language inside `${{ }}`: `params.widths[0]`, `matrix.sae.width`, `stages.sae[width=first, seed=*]`.
 * Syntax only; what the names stand for is decided where the graph is built.
 */
import type { Json } from "../json/canonical-json.ts"
import { parseCoordinate } from "../words/coordinate-text.ts"
import { suggest } from "../words/did-you-mean.ts"

export interface ParamExpression {
  readonly kind: "param"
  readonly name: string
  /** `[0]` or `[-1]`, the last. */
  readonly indexes: ReadonlyArray<number>
}
export interface MatrixExpression {
  readonly kind: "matrix"
  readonly axis: string
  /** `width` in `matrix.sae.width`: a coordinate of the artifact on that axis. */
  readonly coordinate: string | undefined
}
export interface StageExpression {
  readonly kind: "stage"
  readonly stage: string
  readonly selector: Selector | undefined
}
export type Expression = ParamExpression | MatrixExpression | StageExpression

/** What one coordinate must be. */
export type Term =
  | { readonly kind: "literal"; readonly value: Json; readonly text: string }
  | { readonly kind: "first" }
  | { readonly kind: "last" }
  | { readonly kind: "any" }
  | ParamExpression
  | MatrixExpression

/** `[*]` has no terms; an axis that is not named may be anything. */
export interface Selector {
  readonly terms: ReadonlyMap<string, Term>
  /** Whether it stands for a list (a `*` occurs) or for exactly one instance. */
  readonly list: boolean
}

/** A syntax error. */
export class Unreadable {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

/** Names of stages, parameters and axes. */
export const namePattern = /^[A-Za-z_][A-Za-z0-9_-]*$/

const paramPattern = /^params\.([A-Za-z_][\w-]*)((?:\s*\[\s*-?\d+\s*\])*)$/
const matrixPattern = /^matrix\.([A-Za-z_][\w-]*)(?:\.([A-Za-z_][\w.-]*))?$/
const stagePattern = /^stages\.([A-Za-z_][\w-]*)\s*(?:\[([^]*)\])?$/

const parseParam = (text: string): ParamExpression | undefined => {
  const match = paramPattern.exec(text)
  if (match === null) return undefined
  const indexes = [...(match[2] as string).matchAll(/-?\d+/g)].map(([digits]) => Number(digits))
  return { kind: "param", name: match[1] as string, indexes }
}

const parseMatrix = (text: string): MatrixExpression | undefined => {
  const match = matrixPattern.exec(text)
  return match === null ? undefined : { kind: "matrix", axis: match[1] as string, coordinate: match[2] }
}

/** Splits at `separator`, but not inside quotes or brackets. */
export const splitOutside = (text: string, separator: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let start = 0
  let depth = 0
  let quote = ""
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string
    if (quote !== "") {
      if (c === "\\" && quote === '"') i++
      else if (c === quote) quote = ""
    } else if (c === '"' || c === "'") quote = c
    else if (c === "[" || c === "{") depth++
    else if (c === "]" || c === "}") depth--
    else if (c === separator && depth === 0) {
      parts.push(text.slice(start, i))
      start = i + 1
    }
  }
  return [...parts, text.slice(start)]
}

const parseLiteral = (text: string): Term | Unreadable => {
  const value = parseCoordinate(text)
  if (value === undefined) return new Unreadable(`${text} is not a value that JSON can hold`)
  return { kind: "literal", value, text }
}

const parseTerm = (text: string): Term | Unreadable => {
  if (text === "*") return { kind: "any" }
  if (text === "first") return { kind: "first" }
  if (text === "last") return { kind: "last" }
  if (text.startsWith("params."))
    return parseParam(text) ?? new Unreadable(`cannot read ${text}: write params.NAME or params.NAME[0]`)
  if (text.startsWith("matrix.")) return parseMatrix(text) ?? new Unreadable(`cannot read ${text}: write matrix.AXIS`)
  return parseLiteral(text)
}

/** What stands between the brackets: `*`, or `width=512, seed=*`. */
export const parseSelector = (text: string): Selector | Unreadable => {
  if (text.trim() === "*") return { terms: new Map(), list: true }
  const terms = new Map<string, Term>()
  for (const part of splitOutside(text, ",")) {
    const match = /^\s*([A-Za-z_][\w.-]*)\s*=\s*([^]*?)\s*$/.exec(part)
    if (match === null || match[2] === "") {
      return new Unreadable(
        `cannot read the selector [${text.trim()}]: write [*], or [axis=value, ...] with a value, first, last or *`
      )
    }
    const axis = match[1] as string
    if (terms.has(axis)) return new Unreadable(`the selector [${text.trim()}] names "${axis}" twice`)
    const term = parseTerm(match[2] as string)
    if (term instanceof Unreadable) return term
    terms.set(axis, term)
  }
  return { terms, list: [...terms.values()].some(({ kind }) => kind === "any") }
}

export const parseExpression = (source: string): Expression | Unreadable => {
  const text = source.trim()
  const value = parseParam(text) ?? parseMatrix(text)
  if (value !== undefined) return value
  const stage = stagePattern.exec(text)
  if (stage !== null) {
    const name = stage[1] as string
    if (stage[2] === undefined) return { kind: "stage", stage: name, selector: undefined }
    const selector = parseSelector(stage[2])
    return selector instanceof Unreadable ? selector : { kind: "stage", stage: name, selector }
  }
  const root = /^\w*/.exec(text)?.[0] ?? ""
  const near = ["params", "matrix", "stages"].includes(root) ? "" : suggest(root, ["params", "matrix", "stages"])
  return new Unreadable(`cannot read \${{ ${text} }}: write params.NAME, matrix.AXIS or stages.NAME[axis=value]${near}`)
}

/** A string with expressions in it: `whole` keeps the type of its value, `mixed` is a string. */
export type Template =
  | { readonly kind: "text" }
  | { readonly kind: "whole"; readonly expression: Expression }
  | { readonly kind: "mixed"; readonly parts: ReadonlyArray<string | Expression> }

export const parseTemplate = (text: string): Template | Unreadable => {
  if (!text.includes("${{")) return { kind: "text" }
  const parts: Array<string | Expression> = []
  let rest = text
  for (let start = rest.indexOf("${{"); start >= 0; start = rest.indexOf("${{")) {
    const end = rest.indexOf("}}", start)
    if (end < 0) return new Unreadable("${{ without its }}")
    const expression = parseExpression(rest.slice(start + 3, end))
    if (expression instanceof Unreadable) return expression
    if (start > 0) parts.push(rest.slice(0, start))
    parts.push(expression)
    rest = rest.slice(end + 2)
  }
  if (rest !== "") parts.push(rest)
  const solid = parts.filter((part) => typeof part !== "string" || part.trim() !== "")
  const only = solid[0]
  if (solid.length === 1 && only !== undefined && typeof only !== "string") return { kind: "whole", expression: only }
  return { kind: "mixed", parts }
}
