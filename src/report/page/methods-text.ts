/**
 * What was done, with which settings and versions, as text to paste into a paper's appendix: a paragraph a stage, in the
 * order of the plan, written from the plan alone.
 */
import type { Json } from "../../json/canonical-json.ts"
import { canonicalJson } from "../../json/canonical-json.ts"
import { labelOf } from "./subjects.ts"

/** An instance of a stage, as it was planned. */
export interface MethodInstance {
  readonly at: Readonly<Record<string, Json>>
  /** With defaults. */
  readonly params: Readonly<Record<string, Json>>
  readonly sources: Readonly<Record<string, string>>
  /** Input name -> stages that it is made by. */
  readonly inputs: Readonly<Record<string, ReadonlyArray<string>>>
}

export interface MethodStage {
  readonly stage: string
  readonly kind: string
  /** The kind's one sentence. */
  readonly summary: string
  readonly instances: ReadonlyArray<MethodInstance>
}

export interface Methods {
  readonly stages: ReadonlyArray<MethodStage>
  /** `sae-pipeline 0.1.0`, engine, Node, packages that compute. */
  readonly versions: ReadonlyArray<string>
}

const valueText = (value: Json): string => (typeof value === "string" ? value : canonicalJson(value))

/** One value where all instances have it, else each value with the places that have it. */
const settingText = (name: string, instances: ReadonlyArray<MethodInstance>): string | undefined => {
  const given = instances.map(({ params }) => params[name] ?? null)
  const values = [...new Set(given.map(valueText))]
  const [only] = values
  if (values.length === 1) return given[0] === null ? undefined : `${name} = ${only}`
  const parts = values.map((value) => {
    const places = instances.flatMap(({ at }, i) =>
      valueText(given[i] as Json) === value ? [labelOf(at, "otherwise")] : []
    )
    return `${value === "null" ? "none" : value} (${places.join("; ")})`
  })
  return `${name} = ${parts.join(", ")}`
}

const namesOf = (records: ReadonlyArray<Readonly<Record<string, unknown>>>): ReadonlyArray<string> => [
  ...new Set(records.flatMap(Object.keys))
]

const sentence = (text: string): string => (text.endsWith(".") ? text : `${text}.`)

const paragraph = ({ stage, kind, summary, instances }: MethodStage): string => {
  const inputs = namesOf(instances.map((each) => each.inputs)).map((name) => {
    const stages = [...new Set(instances.flatMap((each) => each.inputs[name] ?? []))]
    return stages.length === 1 && stages[0] === name ? name : `${name} from ${stages.join(", ")}`
  })
  const sources = namesOf(instances.map((each) => each.sources)).map(
    (name) => `${name} = ${[...new Set(instances.flatMap((each) => each.sources[name] ?? []))].join(", ")}`
  )
  // What an instance's place says already need not be told as a setting again.
  const settings = namesOf(instances.map((each) => each.params)).flatMap((name) => {
    return settingText(name, instances) ?? []
  })
  return [
    `${stage} (${kind}${instances.length > 1 ? `, ${instances.length} times: ${instances.map(({ at }) => labelOf(at, "")).join("; ")}` : ""}).`,
    sentence(summary),
    ...(inputs.length > 0 ? [`Inputs: ${inputs.join("; ")}.`] : []),
    ...(sources.length > 0 ? [`Sources: ${sources.join("; ")}.`] : []),
    ...(settings.length > 0 ? [`Settings: ${settings.join("; ")}.`] : [])
  ].join(" ")
}

export const methodsText = ({ stages, versions }: Methods): string =>
  [
    ...stages.map(paragraph),
    ...(versions.length > 0 ? [`Computed with ${versions.join("; ")}.`] : []),
    "Every interval is a 95 % interval."
  ].join("\n\n")
