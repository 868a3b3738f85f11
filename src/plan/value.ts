/** What an expression gives: a value with the place it was written at, or artifacts of other instances. */
import type { Json } from "../json/canonical-json.ts"
import type { Location } from "../specification/location.ts"
import type { ScalarNode } from "../specification/node.ts"
import { showJson } from "../specification/node.ts"
import type { ArtifactRef } from "./stage-instance.ts"

export interface ListValue {
  readonly type: "list"
  readonly items: ReadonlyArray<Value>
  readonly at: Location
}
export interface MapValue {
  readonly type: "map"
  readonly entries: ReadonlyMap<string, { readonly keyAt: Location; readonly value: Value }>
  readonly at: Location
}
export interface ArtifactValue {
  readonly type: "artifact"
  readonly ref: ArtifactRef
  /** Name of the stage that makes it. */
  readonly stage: string
  readonly at: Location
}
export interface ArtifactsValue {
  readonly type: "artifacts"
  readonly items: ReadonlyArray<ArtifactValue>
  readonly at: Location
}
export type Value = ScalarNode | ListValue | MapValue | ArtifactValue | ArtifactsValue

/** undefined: an artifact stands somewhere in it. */
export const valueToJson = (value: Value): Json | undefined => {
  switch (value.type) {
    case "scalar":
      return value.value
    case "list": {
      const items = value.items.map(valueToJson)
      return items.every((item) => item !== undefined) ? items : undefined
    }
    case "map": {
      const entries = [...value.entries].map(([key, entry]) => [key, valueToJson(entry.value)] as const)
      return entries.every(([, item]) => item !== undefined) ? (Object.fromEntries(entries) as Json) : undefined
    }
    default:
      return undefined
  }
}

export const valueFromJson = (json: Json, at: Location): Value => {
  if (Array.isArray(json)) return { type: "list", items: json.map((item) => valueFromJson(item as Json, at)), at }
  if (typeof json !== "object" || json === null) return { type: "scalar", value: json as ScalarNode["value"], at }
  const entries = Object.entries(json).map(
    ([key, item]) => [key, { keyAt: at, value: valueFromJson(item as Json, at) }] as const
  )
  return { type: "map", entries: new Map(entries), at }
}

/** For messages: `"abc"`, `the artifact of capture`, `a list of 4 artifacts`. */
export const showValue = (value: Value): string => {
  if (value.type === "artifact") return `the artifact of ${value.ref.instance}`
  if (value.type === "artifacts") return `a list of ${value.items.length} artifacts`
  const json = valueToJson(value)
  return json === undefined ? `a ${value.type} with artifacts in it` : showJson(json)
}
