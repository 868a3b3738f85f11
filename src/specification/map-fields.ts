/** Reading the fixed keys of a map: unknown ones are reported with the nearest that exists. */
import { suggestOrList } from "../words/did-you-mean.ts"
import type { Entry, MapNode, Node } from "./node.ts"
import { show } from "./node.ts"
import type { Problem } from "./problem.ts"

export const below = (path: string, key: string): string => (path === "" ? key : `${path}.${key}`)

export const expectMap = (node: Node, path: string, problems: Array<Problem>): MapNode | undefined => {
  if (node.type === "map") return node
  problems.push({ at: node.at, path, message: `expected a map, got ${show(node)}` })
  return undefined
}

/** The entries under `known` keys; every other key is a problem. */
export const fieldsOf = <const K extends string>(
  map: MapNode,
  path: string,
  known: ReadonlyArray<K>,
  problems: Array<Problem>
): { readonly [key in K]?: Entry } => {
  const fields: { [key in K]?: Entry } = {}
  for (const [key, entry] of map.entries) {
    if ((known as ReadonlyArray<string>).includes(key)) fields[key as K] = entry
    else problems.push({ at: entry.keyAt, path: below(path, key), message: `unknown key${suggestOrList(key, known)}` })
  }
  return fields
}

export const textOf = (entry: Entry | undefined, path: string, problems: Array<Problem>): string | undefined => {
  if (entry === undefined) return undefined
  const { value } = entry
  if (value.type === "scalar" && typeof value.value === "string") return value.value
  problems.push({ at: value.at, path, message: `expected a string, got ${show(value)}` })
  return undefined
}
