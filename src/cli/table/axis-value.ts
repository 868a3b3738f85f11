/**
 * Where a result stands on an axis of a table. `run`; a coordinate of its matrix; a parameter of its stage (`values.lr` goes into
 * a map); else that of the nearest stages above it, where they agree. `sae.k` is the parameter of that stage alone, its own
 * or above it.
 */
import { canonicalJson } from "../../json/canonical-json.ts"
import type { Json } from "../../json/canonical-json.ts"
import type { Result } from "./result.ts"

const isMap = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const at = (value: Json | undefined, path: ReadonlyArray<string>): Json | undefined => {
  const [first, ...rest] = path
  if (first === undefined) return value
  return isMap(value) && Object.hasOwn(value, first) ? at(value[first], rest) : undefined
}

const own = (result: Result, axis: string): Json | undefined => {
  if (axis === "run" && result.run !== null) return result.run
  if (Object.hasOwn(result.at, axis)) return result.at[axis]
  const path = axis.split(".")
  const value = at(result.params, path[0] === "params" ? path.slice(1) : path)
  // A whole map is no place on an axis.
  return isMap(value) ? undefined : value
}

const agreed = (values: ReadonlyArray<Json>): Json | undefined =>
  new Set(values.map(canonicalJson)).size === 1 ? values[0] : undefined

/** Results above, level by level, each once. */
const levels = (result: Result): ReadonlyArray<ReadonlyArray<Result>> => {
  const seen = new Set<Result>([result])
  const found: Array<ReadonlyArray<Result>> = []
  for (let level: ReadonlyArray<Result> = [result]; level.length > 0;) {
    found.push(level)
    level = level.flatMap(({ needs }) => needs).filter((each) => !seen.has(each) && seen.add(each) !== undefined)
  }
  return found
}

/** `sae.k`: of that stage, here or above. */
const named = (all: ReadonlyArray<ReadonlyArray<Result>>, axis: string): ReadonlyArray<Json> => {
  const dot = axis.indexOf(".")
  const ofStage = dot < 0 ? [] : all.flat().filter(({ stage }) => stage === axis.slice(0, dot))
  return ofStage.flatMap((each) => own(each, axis.slice(dot + 1)) ?? [])
}

/** Whether it stands on the axis itself, or on one that names a stage, and not merely below what does. */
export const standsOn = (result: Result, axis: string): boolean =>
  own(result, axis) !== undefined || agreed(named(levels(result), axis)) !== undefined

/** Undefined where it has no place there, or several. */
export const axisValue = (result: Result, axis: string): Json | undefined => {
  const all = levels(result)
  const ofStage = named(all, axis)
  if (ofStage.length > 0) return agreed(ofStage)
  for (const level of all) {
    const values = level.flatMap((each) => own(each, axis) ?? [])
    if (values.length > 0) return agreed(values)
  }
  return undefined
}
