/** `with:` of one instance against its stage kind: parameters, sources and inputs, all by name in the one map. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { Json } from "../json/canonical-json.ts"
import { suggest, suggestOrList } from "../words/did-you-mean.ts"
import { variableName, variableRule } from "../words/variable-name.ts"
import { formatLine } from "../specification/location.ts"
import type { Location } from "../specification/location.ts"
import { showJson } from "../specification/node.ts"
import { sourceProblem } from "../specification/param-type.ts"
import type { Problem } from "../specification/problem.ts"
import type { Param } from "../stage/param.ts"
import type { Input } from "../stage/input.ts"
import { formatParamProblem } from "../stage/param-problem.ts"
import type { DecodedStage, StageKind } from "../stage/stage.ts"
import * as Wiring from "../stage/wiring.ts"
import type { ArtifactRef, StageInstance } from "./stage-instance.ts"
import { showValue, valueToJson } from "./value.ts"
import type { ArtifactValue, Value } from "./value.ts"

/** An entry of `with:`: the value that its expressions gave (undefined: reported already) and where it stands. */
export interface Given {
  readonly keyAt: Location
  /** Where it is used, which for `${{ params.k }}` is not where its value was written. */
  readonly at: Location
  readonly value: Value | undefined
}

export type Wired = Pick<StageInstance, "params" | "sources" | "inputs" | "origins"> & {
  /** Undefined: something is wrong, and reported. */
  readonly decoded: DecodedStage | undefined
}

export interface WithContext {
  readonly stage: string
  readonly kind: StageKind
  readonly given: ReadonlyMap<string, Given>
  /** Where something that is missing should stand. */
  readonly withAt: Location
  readonly stageNames: ReadonlyArray<string>
  /** Names of all artifact kinds, for a stage kind whose output a parameter names. */
  readonly artifactKinds: ReadonlyArray<string>
  /** Name of the artifact kind that an instance makes; undefined: not known, because of a fault. */
  readonly outputOf: (instance: string) => string | undefined
  readonly problems: Array<Problem>
}

const article = (name: string): string => (/^[AEIOUaeiou]/.test(name) ? `an ${name}` : `a ${name}`)

const writtenElsewhere = ({ at, value }: Given): string =>
  value === undefined || value.at === at || (value.at.file === at.file && value.at.line === at.line)
    ? ""
    : ` (from ${formatLine(value.at)})`

/** Places of a value and of what is in it, for `why`. */
const originsOf = (path: string, value: Value): ReadonlyArray<readonly [string, Location]> => [
  [path, value.at],
  ...(value.type === "map" ? [...value.entries].flatMap(([key, { value }]) => originsOf(`${path}.${key}`, value)) : [])
]

export const checkWith = (context: WithContext): Wired => {
  const { stage, kind, given, problems } = context
  const params: Record<string, Json> = {}
  const sources: Record<string, string> = {}
  const inputs: Record<string, Wiring.Wiring<ArtifactRef>> = {}
  const origins: Record<string, Location> = {}
  let complete = true
  const path = (name: string): string => `stages.${stage}.with.${name}`
  const report = (at: Location, name: string, message: string): undefined => {
    complete = false
    problems.push({ at, path: path(name), message })
  }

  const readParam = (name: string, param: Param<unknown>): void => {
    const entry = given.get(name)
    if (entry === undefined) {
      if (param.default !== undefined) params[name] = param.default as Json
      else report(context.withAt, name, `missing: ${kind.name} needs it (${param.type}: ${param.description})`)
      return
    }
    if (entry.value === undefined) return void (complete = false)
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
    params[name] = decoded.success as Json
    if ("fromParam" in kind.output && kind.output.fromParam === name) readOutput(name, params[name], entry)
    for (const [origin, at] of originsOf(`params.${name}`, entry.value)) origins[origin] = at
  }

  const readOutput = (name: string, value: Json | undefined, entry: Given): void => {
    if (typeof value === "string" && context.artifactKinds.includes(value)) return
    const hint = typeof value === "string" ? suggestOrList(value, context.artifactKinds) : ""
    report(entry.at, name, `there is no artifact kind ${showJson(value)}${hint}${writtenElsewhere(entry)}`)
  }

  const readSource = (name: string, preset: string | undefined, description: string): void => {
    const entry = given.get(name)
    if (entry === undefined) {
      if (preset !== undefined) sources[name] = preset
      else report(context.withAt, name, `missing: ${kind.name} needs it (source: ${description})`)
      return
    }
    if (entry.value === undefined) return void (complete = false)
    const text = entry.value.type === "scalar" && typeof entry.value.value === "string" ? entry.value.value : undefined
    const fault =
      text === undefined ? `expected a source such as file:NAME, got ${showValue(entry.value)}` : sourceProblem(text)
    if (text === undefined || fault !== undefined) return report(entry.at, name, `${fault}${writtenElsewhere(entry)}`)
    sources[name] = text
    origins[`sources.${name}`] = entry.value.at
  }

  /** The reference, if the artifact is of the kind that the input takes. */
  const wire = (name: string, input: Input, value: ArtifactValue, at: Location): ArtifactRef | undefined => {
    const wanted = input.kind?.name
    const made = context.outputOf(value.ref.instance)
    if (made === undefined) return void (complete = false)
    if (wanted === undefined || wanted === made) return value.ref
    return report(at, name, `takes ${article(wanted)}, but ${value.ref.instance} makes ${article(made)}`)
  }

  const wireAll = (name: string, input: Input, items: ReadonlyArray<ArtifactValue>, at: Location) => {
    const refs = items.map((item) => wire(name, input, item, at))
    return refs.every((ref) => ref !== undefined) ? refs : undefined
  }

  const notArtifact = (name: string, value: Value, at: Location, wanted: string): undefined => {
    const text = value.type === "scalar" && typeof value.value === "string" ? value.value : undefined
    const meant =
      text !== undefined && context.stageNames.includes(text) ? `; did you mean "\${{ stages.${text} }}"?` : ""
    const form = meant === "" ? `, such as \${{ stages.NAME }}` : ""
    return report(at, name, `expected ${wanted}${form}, got ${showValue(value)}${meant}`)
  }

  const readOne = (name: string, input: Input, { value, at }: Given): Wiring.Wiring<ArtifactRef> | undefined => {
    if (value?.type === "artifact") {
      const ref = wire(name, input, value, at)
      return ref === undefined ? undefined : { shape: "one", of: ref }
    }
    if (value?.type === "artifacts") {
      return report(at, name, `takes one artifact, got a list of ${value.items.length}: select one by its coordinates`)
    }
    return value === undefined ? undefined : notArtifact(name, value, at, "one artifact")
  }

  /** A selector's list, one artifact, or a YAML list of both. */
  const artifactsIn = (value: Value): ReadonlyArray<ArtifactValue> | undefined => {
    if (value.type === "artifact") return [value]
    if (value.type === "artifacts") return value.items
    if (value.type !== "list") return undefined
    const items = value.items.map(artifactsIn)
    return items.every((item) => item !== undefined) ? items.flat() : undefined
  }

  const readList = (name: string, input: Input, { value, at }: Given): Wiring.Wiring<ArtifactRef> | undefined => {
    if (value === undefined) return undefined
    const items = artifactsIn(value)
    if (items === undefined) return notArtifact(name, value, at, "a list of artifacts")
    const refs = wireAll(name, input, items, at)
    return refs === undefined ? undefined : { shape: "list", of: refs }
  }

  const readRecord = (name: string, input: Input, { value, at }: Given): Wiring.Wiring<ArtifactRef> | undefined => {
    if (value === undefined) return undefined
    if (value.type !== "map") return notArtifact(name, value, at, "a map of names and artifacts")
    const wirings: Record<string, Wiring.Wiring<ArtifactRef>> = {}
    for (const [key, entry] of value.entries) {
      const below = `${name}.${key}`
      if (!variableName.test(key)) {
        report(entry.keyAt, name, `${showJson(key)} cannot be the name of an input: ${variableRule}`)
        continue
      }
      const items = artifactsIn(entry.value)
      if (items === undefined) {
        notArtifact(below, entry.value, entry.keyAt, "one artifact or a list of them")
        continue
      }
      const refs = wireAll(below, input, items, at)
      const [ref] = refs ?? []
      if (refs === undefined || ref === undefined) continue
      wirings[key] = entry.value.type === "artifact" ? { shape: "one", of: ref } : { shape: "list", of: refs }
    }
    return { shape: "record", of: wirings }
  }

  const readInput = (name: string, input: Input): void => {
    const entry = given.get(name)
    const left = entry === undefined || (entry.value?.type === "scalar" && entry.value.value === null)
    if (left && (input.shape === "optional" || input.mayBeLeftOut === true)) return
    if (left && input.shape === "record") return void (inputs[name] = { shape: "record", of: {} })
    if (entry === undefined) {
      const wanted = `${input.shape === "list" ? "list of " : ""}${input.kind?.name ?? "any artifact"}`
      return report(context.withAt, name, `missing: ${kind.name} needs it (${wanted}: ${input.description})`)
    }
    const read = input.shape === "list" ? readList : input.shape === "record" ? readRecord : readOne
    const ref = read(name, input, entry)
    if (ref === undefined) return void (complete = false)
    inputs[name] = ref
    origins[`inputs.${name}`] = entry.at
  }

  const known = [...Object.keys(kind.inputs), ...Object.keys(kind.sources), ...Object.keys(kind.params)]
  for (const [name, { keyAt }] of given) {
    if (!known.includes(name)) report(keyAt, name, `${kind.name} takes no "${name}"${suggestOrList(name, known)}`)
  }
  for (const [name, input] of Object.entries(kind.inputs)) readInput(name, input)
  for (const [name, source] of Object.entries(kind.sources)) readSource(name, source.default, source.description)
  for (const [name, param] of Object.entries(kind.params)) readParam(name, param)
  const whole = { params, sources, inputs, origins }
  if (!complete) return { ...whole, decoded: undefined }
  const decoded = kind.decode(params, Wiring.counts(Object.keys(kind.inputs), inputs))
  if (Result.isSuccess(decoded)) return { ...whole, decoded: decoded.success }
  for (const problem of decoded.failure) {
    const entry = given.get(problem.param.replace(/[.[].*$/, ""))
    const where = entry === undefined ? "" : writtenElsewhere(entry)
    report(placeOf(problem.param, entry) ?? context.withAt, problem.param, formatParamProblem(problem) + where)
  }
  return { ...whole, decoded: undefined }
}

/** Where the value at a path such as `groups[2]` stands, or the nearest that is written about it. */
const placeOf = (path: string, entry: Given | undefined): Location | undefined => {
  // What a parameter of the pipeline gives is told where it is used.
  if (entry?.value === undefined || writtenElsewhere(entry) !== "") return entry?.at
  let value: Value | undefined = entry.value
  let at = entry.at
  for (const [, name, index] of path.matchAll(/\.([^.[]+)|\[(\d+)\]/g)) {
    if (value?.type === "map" && name !== undefined) value = value.entries.get(name)?.value
    else if (value?.type === "list" && index !== undefined) value = value.items[Number(index)]
    else return at
    at = value?.at ?? at
  }
  return at
}

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
