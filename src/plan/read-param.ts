/** A parameter of an instance: what `with:` gives for it, or its default. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Json } from "../json/canonical-json.ts"
import { suggest, suggestOrList } from "../words/did-you-mean.ts"
import type { Location } from "../specification/location.ts"
import { showJson } from "../specification/node.ts"
import type { Param } from "../stage/param.ts"
import { showValue, valueToJson } from "./value.ts"
import type { Value } from "./value.ts"
import { type Given, type WithReading, writtenElsewhere } from "./with-reading.ts"

/** Undefined: it cannot be had, and that is told. */
export const readParam = (reading: WithReading, name: string, param: Param<unknown>): Json | undefined => {
  const { kind, given, withAt, origins, report, incomplete } = reading
  const entry = given.get(name)
  if (entry === undefined) {
    if (param.default !== undefined) return param.default as Json
    return report(withAt, name, `missing: ${kind.name} needs it (${param.type}: ${param.description})`)
  }
  if (entry.value === undefined) return incomplete()
  const json = valueToJson(entry.value)
  const where = writtenElsewhere(entry)
  if (json === undefined) {
    return report(entry.at, name, `expected ${param.type}, got ${showValue(entry.value)}${where}`)
  }
  const decoded = Schema.decodeUnknownResult(param.schema)(json)
  if (Result.isFailure(decoded)) {
    const fault = hintFor(param, json) + itemAt(decoded.failure, json)
    return report(entry.at, name, `expected ${param.type}, got ${showJson(json)}${fault}${where}`)
  }
  const value = decoded.success as Json
  if ("fromParam" in kind.output && kind.output.fromParam === name) checkOutput(reading, name, value, entry)
  for (const [origin, at] of originsOf(`params.${name}`, entry.value)) origins[origin] = at
  return value
}

/** The parameter names the artifact kind that the stage makes. */
const checkOutput = ({ artifactKinds, report }: WithReading, name: string, value: Json, entry: Given): void => {
  if (typeof value === "string" && artifactKinds.includes(value)) return
  const hint = typeof value === "string" ? suggestOrList(value, artifactKinds) : ""
  report(entry.at, name, `there is no artifact kind ${showJson(value)}${hint}${writtenElsewhere(entry)}`)
}

/** Places of a value and of what is in it, for `why`. */
const originsOf = (path: string, value: Value): ReadonlyArray<readonly [string, Location]> => [
  [path, value.at],
  ...(value.type === "map" ? [...value.entries].flatMap(([key, { value }]) => originsOf(`${path}.${key}`, value)) : [])
]

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** Which item of a list is wrong: `; [1] is "x"`. */
const itemAt = (error: Schema.SchemaError, json: Json): string => {
  const index = issuesOf(error.issue).issues[0]?.path?.[0]
  return Array.isArray(json) && typeof index === "number" ? `; [${index}] is ${showJson(json[index])}` : ""
}

/** A number for a text, or a text for a number, is mostly a matter of quotes. */
const hintFor = (param: Param<unknown>, json: Json): string => {
  if (typeof json === "number" && param.type.startsWith("string")) return "; quote it"
  const words = choicesOf(param.type)
  const wrong = (Array.isArray(json) ? json : [json]).find((item) => typeof item === "string" && !words.includes(item))
  return typeof wrong === "string" ? suggest(wrong, words) : ""
}

/** The words of `one of topk, batch_topk`, of a list of those, or of several such types. */
const choicesOf = (type: string): ReadonlyArray<string> =>
  [...type.matchAll(/one of ((?:[\w.-]+, )*[\w.-]+)/g)].flatMap(([, words = ""]) => words.split(", "))
