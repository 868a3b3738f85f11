/** `params:` of a pipeline: names with type, default and description. */
import { suggestOrList } from "../words/did-you-mean.ts"
import type { ParamDeclaration } from "./declaration.ts"
import { namePattern } from "./expression.ts"
import { below, expectMap, fieldsOf, textOf } from "./map-fields.ts"
import type { Entry, Node } from "./node.ts"
import { show } from "./node.ts"
import { checkParam, itemTypes, paramTypes } from "./param-type.ts"
import type { ParamType } from "./param-type.ts"
import type { Problem } from "./problem.ts"

const keys = ["type", "items", "choices", "default", "description", "unit"] as const

const oneOf = <const T extends string>(
  entry: Entry | undefined,
  path: string,
  known: ReadonlyArray<T>,
  problems: Array<Problem>
): T | undefined => {
  const text = textOf(entry, path, problems)
  if (entry === undefined || text === undefined) return undefined
  if ((known as ReadonlyArray<string>).includes(text)) return text as T
  problems.push({ at: entry.value.at, path, message: `unknown type "${text}"${suggestOrList(text, known)}` })
  return undefined
}

const decodeParam = (
  name: string,
  entry: Entry,
  path: string,
  problems: Array<Problem>
): ParamDeclaration | undefined => {
  const map = expectMap(entry.value, path, problems)
  if (map === undefined) return undefined
  const fields = fieldsOf(map, path, keys, problems)
  const description = textOf(fields.description, below(path, "description"), problems)
  const unit = textOf(fields.unit, below(path, "unit"), problems)
  if (fields.type === undefined) {
    const message = `missing: one of ${paramTypes.join(", ")}`
    problems.push({ at: entry.keyAt, path: below(path, "type"), message })
    return undefined
  }
  const type = oneOf(fields.type, below(path, "type"), paramTypes, problems)
  const items = oneOf(fields.items, below(path, "items"), itemTypes, problems)
  if (type === undefined || (fields.items !== undefined && items === undefined)) return undefined
  if (items !== undefined && type !== "list") {
    problems.push({
      at: fields.items?.keyAt ?? entry.keyAt,
      path: below(path, "items"),
      message: "only a list has items"
    })
    return undefined
  }
  const choices = fields.choices?.value
  if (choices !== undefined && choices.type !== "list") {
    const message = `expected a list of the values that are allowed, got ${show(choices)}`
    problems.push({ at: choices.at, path: below(path, "choices"), message })
    return undefined
  }
  const declared: ParamType = {
    type,
    ...(items === undefined ? {} : { items }),
    ...(choices === undefined ? {} : { choices })
  }
  const preset = fields.default?.value
  if (preset !== undefined && !isNull(preset)) problems.push(...checkParam(declared, preset, below(path, "default")))
  const words = { ...(description === undefined ? {} : { description }), ...(unit === undefined ? {} : { unit }) }
  return { ...declared, ...words, name, at: entry.keyAt, ...(preset === undefined ? {} : { default: preset }) }
}

export const isNull = (node: Node): boolean => node.type === "scalar" && node.value === null

/** A declaration with a fault is undefined: its name is known all the same. */
export const decodeParams = (
  entry: Entry | undefined,
  problems: Array<Problem>
): ReadonlyMap<string, ParamDeclaration | undefined> => {
  const declarations = new Map<string, ParamDeclaration | undefined>()
  const map = entry === undefined ? undefined : expectMap(entry.value, "params", problems)
  for (const [name, param] of map?.entries ?? []) {
    const path = below("params", name)
    if (!namePattern.test(name)) {
      problems.push({ at: param.keyAt, path, message: "a name is made of letters, digits, _ and -, a letter first" })
      continue
    }
    declarations.set(name, decodeParam(name, param, path, problems))
  }
  return declarations
}
