/** What a YAML file holds, with the place of every value: the only form in which a file's content travels. */
import type { Json } from "../json/canonical-json.ts"
import type { Location } from "./location.ts"

export interface ScalarNode {
  readonly type: "scalar"
  readonly value: null | boolean | number | string
  readonly at: Location
}
export interface ListNode {
  readonly type: "list"
  readonly items: ReadonlyArray<Node>
  readonly at: Location
}
export interface Entry {
  /** Where the key stands. */
  readonly keyAt: Location
  readonly value: Node
}
export interface MapNode {
  readonly type: "map"
  readonly entries: ReadonlyMap<string, Entry>
  readonly at: Location
}
export type Node = ScalarNode | ListNode | MapNode

export const toJson = (node: Node): Json => {
  switch (node.type) {
    case "scalar":
      return node.value
    case "list":
      return node.items.map(toJson)
    case "map":
      return Object.fromEntries([...node.entries].map(([key, { value }]) => [key, toJson(value)]))
  }
}

/** A value in an error message: JSON, cut where a line ends. */
export const showJson = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`
}

export const show = (node: Node): string => showJson(toJson(node))
