/** A part of a file decoded by a Schema: every problem at the place where it is written, unknown keys among them. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { nearest, suggestOrList } from "../words/did-you-mean.ts"
import { below } from "./map-fields.ts"
import { show, toJson } from "./node.ts"
import type { Entry, Node } from "./node.ts"
import type { Problem } from "./problem.ts"

interface Shape {
  readonly properties?: Readonly<Record<string, Shape>>
  readonly items?: Shape | ReadonlyArray<Shape>
  readonly additionalProperties?: Shape | boolean
  readonly enum?: ReadonlyArray<unknown>
}

interface Place {
  readonly node: Node
  /** Where `node` is the value of a key. */
  readonly entry: Entry | undefined
  /** What the schema says there; undefined where it does not know the key. */
  readonly shape: Shape | undefined
  readonly path: string
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** One step down; undefined where nothing is written there. */
const step = ({ node, shape, path }: Place, key: PropertyKey): Place | undefined => {
  if (typeof key === "number") {
    const item = node.type === "list" ? node.items[key] : undefined
    const items = shape?.items
    const own = Array.isArray(items) ? (items as ReadonlyArray<Shape>)[key] : (items as Shape | undefined)
    return item === undefined ? undefined : { node: item, entry: undefined, shape: own, path: `${path}[${key}]` }
  }
  const entry = node.type === "map" ? node.entries.get(String(key)) : undefined
  if (entry === undefined) return undefined
  const more = typeof shape?.additionalProperties === "object" ? shape.additionalProperties : undefined
  return { node: entry.value, entry, shape: shape?.properties?.[String(key)] ?? more, path: below(path, String(key)) }
}

const problemAt = (root: Place, path: ReadonlyArray<PropertyKey>, message: string): Problem => {
  let place = root
  for (const key of path) {
    const next = step(place, key)
    if (next === undefined) return { at: place.node.at, path: below(place.path, String(key)), message: "missing" }
    if (next.entry !== undefined && next.shape === undefined) {
      const known = Object.keys(place.shape?.properties ?? {})
      return {
        at: next.entry.keyAt,
        path: next.path,
        message: `unknown key${suggestOrList(String(key), known)}`
      }
    }
    place = next
  }
  const { node, shape } = place
  const choices = (shape?.enum ?? []).filter((choice) => typeof choice === "string")
  const near = node.type === "scalar" ? nearest(String(node.value), choices) : undefined
  const hint = near === undefined ? "" : `; did you mean "${near}"?`
  // A check with words of its own has said all: what was written may be a secret.
  const own = !message.startsWith("Expected ")
  return {
    at: node.at,
    path: place.path,
    message: own ? message : `expected ${message.slice("Expected ".length)}, got ${show(node)}${hint}`
  }
}

/** Undefined where there are problems. Keys that the schema does not have are problems. */
export const decodeNode = <A, I>(
  schema: Schema.Codec<A, I>,
  node: Node,
  path: string,
  problems: Array<Problem>
): A | undefined => {
  const decoded = Schema.decodeUnknownResult(schema, { errors: "all", onExcessProperty: "error" })(toJson(node))
  if (Result.isSuccess(decoded)) return decoded.success
  const shape = Schema.toJsonSchemaDocument(schema).schema as Shape
  for (const issue of formatIssues(decoded.failure.issue).issues) {
    const keys = (issue.path ?? []).map((key) => (typeof key === "object" ? key.key : key))
    problems.push(problemAt({ node, entry: undefined, shape, path }, keys, issue.message))
  }
  return undefined
}
