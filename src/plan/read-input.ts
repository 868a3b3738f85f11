/** An input of an instance: the artifacts that `with:` wires to it, if they are of the kind that it takes. */
import { variableName, variableRule } from "../words/variable-name.ts"
import type { Location } from "../specification/location.ts"
import { showJson } from "../specification/node.ts"
import type { Input } from "../stage/input.ts"
import type * as Wiring from "../stage/wiring.ts"
import type { ArtifactRef } from "./stage-instance.ts"
import { showValue } from "./value.ts"
import type { ArtifactValue, Value } from "./value.ts"
import type { Given, WithReading } from "./with-reading.ts"

type Wired = Wiring.Wiring<ArtifactRef> | undefined
type ReadShape = (reading: WithReading, name: string, input: Input, given: Given) => Wired

const article = (name: string): string => (/^[AEIOUaeiou]/.test(name) ? `an ${name}` : `a ${name}`)

/** Undefined: it was left out, as it may be, or it cannot be had, and that is told. */
export const readInput = (reading: WithReading, name: string, input: Input): Wired => {
  const { kind, given, withAt, origins, report, incomplete } = reading
  const entry = given.get(name)
  const left = entry === undefined || (entry.value?.type === "scalar" && entry.value.value === null)
  if (left && (input.shape === "optional" || input.mayBeLeftOut === true)) return undefined
  if (left && input.shape === "record") return { shape: "record", of: {} }
  if (entry === undefined) {
    const wanted = `${input.shape === "list" ? "list of " : ""}${input.kind?.name ?? "any artifact"}`
    return report(withAt, name, `missing: ${kind.name} needs it (${wanted}: ${input.description})`)
  }
  const read = input.shape === "list" ? readList : input.shape === "record" ? readRecord : readOne
  const wired = read(reading, name, input, entry)
  if (wired === undefined) return incomplete()
  origins[`inputs.${name}`] = entry.at
  return wired
}

const readOne: ReadShape = (reading, name, input, { value, at }) => {
  if (value?.type === "artifact") {
    const ref = wire(reading, name, input, value, at)
    return ref === undefined ? undefined : { shape: "one", of: ref }
  }
  if (value?.type === "artifacts") {
    const given = `got a list of ${value.items.length}: select one by its coordinates`
    return reading.report(at, name, `takes one artifact, ${given}`)
  }
  return value === undefined ? undefined : notArtifact(reading, name, value, at, "one artifact")
}

const readList: ReadShape = (reading, name, input, { value, at }) => {
  if (value === undefined) return undefined
  const items = artifactsIn(value)
  if (items === undefined) return notArtifact(reading, name, value, at, "a list of artifacts")
  const refs = wireAll(reading, name, input, items, at)
  return refs === undefined ? undefined : { shape: "list", of: refs }
}

const readRecord: ReadShape = (reading, name, input, { value, at }) => {
  if (value === undefined) return undefined
  if (value.type !== "map") return notArtifact(reading, name, value, at, "a map of names and artifacts")
  const wirings: Record<string, Wiring.Wiring<ArtifactRef>> = {}
  for (const [key, entry] of value.entries) {
    const below = `${name}.${key}`
    if (!variableName.test(key)) {
      reading.report(entry.keyAt, name, `${showJson(key)} cannot be the name of an input: ${variableRule}`)
      continue
    }
    const items = artifactsIn(entry.value)
    if (items === undefined) {
      notArtifact(reading, below, entry.value, entry.keyAt, "one artifact or a list of them")
      continue
    }
    const refs = wireAll(reading, below, input, items, at)
    const [ref] = refs ?? []
    if (refs === undefined || ref === undefined) continue
    wirings[key] = entry.value.type === "artifact" ? { shape: "one", of: ref } : { shape: "list", of: refs }
  }
  return { shape: "record", of: wirings }
}

/** A selector's list, one artifact, or a YAML list of both. */
const artifactsIn = (value: Value): ReadonlyArray<ArtifactValue> | undefined => {
  if (value.type === "artifact") return [value]
  if (value.type === "artifacts") return value.items
  if (value.type !== "list") return undefined
  const items = value.items.map(artifactsIn)
  return items.every((item) => item !== undefined) ? items.flat() : undefined
}

/** The reference, if the artifact is of the kind that the input takes. */
const wire = (
  { outputOf, report, incomplete }: WithReading,
  name: string,
  input: Input,
  value: ArtifactValue,
  at: Location
): ArtifactRef | undefined => {
  const wanted = input.kind?.name
  const made = outputOf(value.ref.instance)
  if (made === undefined) return incomplete()
  if (wanted === undefined || wanted === made) return value.ref
  return report(at, name, `takes ${article(wanted)}, but ${value.ref.instance} makes ${article(made)}`)
}

/** Undefined: one of them at least cannot be wired; all that are wrong are told. */
const wireAll = (
  reading: WithReading,
  name: string,
  input: Input,
  items: ReadonlyArray<ArtifactValue>,
  at: Location
): ReadonlyArray<ArtifactRef> | undefined => {
  const refs = items.map((item) => wire(reading, name, input, item, at))
  return refs.every((ref) => ref !== undefined) ? refs : undefined
}

const notArtifact = (
  { stageNames, report }: WithReading,
  name: string,
  value: Value,
  at: Location,
  wanted: string
): undefined => {
  const text = value.type === "scalar" && typeof value.value === "string" ? value.value : undefined
  const meant = text !== undefined && stageNames.includes(text) ? `; did you mean "\${{ stages.${text} }}"?` : ""
  const form = meant === "" ? `, such as \${{ stages.NAME }}` : ""
  return report(at, name, `expected ${wanted}${form}, got ${showValue(value)}${meant}`)
}
