/** `with:` of one instance against its stage kind: parameters, sources and inputs, all by name in the one map. */
import * as Result from "effect/Result"
import type { Json } from "../json/canonical-json.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import type { Location } from "../specification/location.ts"
import { sourceProblem } from "../specification/param-type.ts"
import { formatParamProblem } from "../stage/param-problem.ts"
import type { Source } from "../stage/source.ts"
import type { DecodedStage } from "../stage/stage.ts"
import * as Wiring from "../stage/wiring.ts"
import { readInput } from "./read-input.ts"
import { readParam } from "./read-param.ts"
import type { ArtifactRef, StageInstance } from "./stage-instance.ts"
import { showValue } from "./value.ts"
import type { Value } from "./value.ts"
import { beginReading, type Given, type WithContext, type WithReading, writtenElsewhere } from "./with-reading.ts"

export type Wired = Pick<StageInstance, "params" | "sources" | "inputs" | "origins"> & {
  /** Undefined: something is wrong, and reported. */
  readonly decoded: DecodedStage | undefined
}

/** Undefined: it cannot be had, and that is told. */
const readSource = (reading: WithReading, name: string, source: Source): string | undefined => {
  const { kind, given, withAt, origins, report, incomplete } = reading
  const entry = given.get(name)
  if (entry === undefined) {
    return source.default ?? report(withAt, name, `missing: ${kind.name} needs it (source: ${source.description})`)
  }
  if (entry.value === undefined) return incomplete()
  const text = entry.value.type === "scalar" && typeof entry.value.value === "string" ? entry.value.value : undefined
  const fault =
    text === undefined ? `expected a source such as file:NAME, got ${showValue(entry.value)}` : sourceProblem(text)
  if (text === undefined || fault !== undefined) return report(entry.at, name, `${fault}${writtenElsewhere(entry)}`)
  origins[`sources.${name}`] = entry.value.at
  return text
}

/** What `read` gives for each entry; names for which it gives nothing are left out. */
const readEach = <A, B>(
  entries: Readonly<Record<string, A>>,
  read: (name: string, entry: A) => B | undefined
): Record<string, B> =>
  Object.fromEntries(
    Object.entries(entries).flatMap(([name, entry]) => {
      const value = read(name, entry)
      return value === undefined ? [] : [[name, value]]
    })
  )

export const checkWith = (context: WithContext): Wired => {
  const reading = beginReading(context)
  const { kind, given, report, origins } = reading
  const known = [...Object.keys(kind.inputs), ...Object.keys(kind.sources), ...Object.keys(kind.params)]
  for (const [name, { keyAt }] of given) {
    if (!known.includes(name)) report(keyAt, name, `${kind.name} takes no "${name}"${suggestOrList(name, known)}`)
  }
  const inputs: Record<string, Wiring.Wiring<ArtifactRef>> = readEach(kind.inputs, (name, input) =>
    readInput(reading, name, input)
  )
  const sources: Record<string, string> = readEach(kind.sources, (name, source) => readSource(reading, name, source))
  const params: Record<string, Json> = readEach(kind.params, (name, param) => readParam(reading, name, param))
  const whole = { params, sources, inputs, origins }
  if (!reading.isComplete()) return { ...whole, decoded: undefined }
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
