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

const distinct = <A>(values: ReadonlyArray<A>): ReadonlyArray<A> => [...new Set(values)]

const coordinate = ({ at }: MethodInstance, axis: string): string => valueText(at[axis] ?? null)

/** Axis by axis where every combination is there, else place by place. */
const placesText = (instances: ReadonlyArray<MethodInstance>): string => {
  const axes = namesOf(instances.map(({ at }) => at)).map((axis) => ({
    axis,
    values: distinct(instances.map((instance) => coordinate(instance, axis)))
  }))
  const combinations = axes.reduce((product, { values }) => product * values.length, 1)
  return combinations === instances.length
    ? axes.map(({ axis, values }) => `${axis} ${values.join(", ")}`).join("; ")
    : instances.map(({ at }) => labelOf(at, "")).join("; ")
}

/** An axis of the matrix on which alone the values depend. */
const decidingAxis = (instances: ReadonlyArray<MethodInstance>, values: ReadonlyArray<string>): string | undefined =>
  namesOf(instances.map(({ at }) => at)).find((axis) => {
    const pairs = instances.map((instance, i) => `${coordinate(instance, axis)}\0${values[i]}`)
    const coordinates = instances.map((instance) => coordinate(instance, axis))
    return new Set(pairs).size === new Set(coordinates).size
  })

/**
 * One value where all instances have it, else each value with the places that have it. What the place of an instance says by
 * itself, such as its seed, is not told again.
 */
const settingText = (name: string, instances: ReadonlyArray<MethodInstance>): string | undefined => {
  const given = instances.map(({ params }) => params[name] ?? null)
  const texts = given.map((value) => (value === null ? "not set" : valueText(value)))
  const values = distinct(texts)
  if (values.length === 1) return given[0] === null ? undefined : `${name} = ${values[0]}`
  const axis = decidingAxis(instances, texts)
  if (axis !== undefined && texts.every((text, i) => text === coordinate(instances[i] as MethodInstance, axis))) {
    return axis === name ? undefined : `${name} = ${axis}`
  }
  const parts = values.map((value) => {
    const own = instances.filter((_, i) => texts[i] === value)
    const places =
      axis === undefined
        ? own.map(({ at }) => labelOf(at, "otherwise"))
        : distinct(own.map((instance) => `${axis} ${coordinate(instance, axis)}`))
    return `${value} (${places.join("; ")})`
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
  const settings = namesOf(instances.map((each) => each.params)).flatMap((name) => settingText(name, instances) ?? [])
  return [
    `${stage} (${kind}${instances.length > 1 ? `, ${instances.length} times: ${placesText(instances)}` : ""}).`,
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
