/** The types that a pipeline's own parameters may have, and whether a value is of one. */
import type { ListNode, Node } from "./node.ts"
import { show } from "./node.ts"
import type { Problem } from "./problem.ts"
import { suggest } from "../words/did-you-mean.ts"
import { sourceSchemes } from "../project/source-schemes.ts"

export const itemTypes = ["string", "integer", "number", "boolean", "source"] as const
export const paramTypes = [...itemTypes, "list"] as const
export type ItemType = (typeof itemTypes)[number]

export interface ParamType {
  readonly type: (typeof paramTypes)[number]
  /** Of a list: the type of its items. Without it any values may stand in the list. */
  readonly items?: ItemType
  /** The values that are allowed, of a string or a number; of a list, for each item. */
  readonly choices?: ListNode
}

/** What is wrong with a source's text, or undefined. */
export const sourceProblem = (text: string): string | undefined => {
  const scheme = /^([a-z]+):/.exec(text)?.[1]
  if (scheme !== undefined && sourceSchemes.includes(scheme)) {
    return text.length > scheme.length + 1 ? undefined : `"${text}" names nothing`
  }
  const forms = sourceSchemes.map((name) => `${name}:`).join(", ")
  const file = scheme === undefined && /[./]/.test(text) ? `; a path is written "file:${text}"` : ""
  return `expected a source (${forms}), got "${text}"${file}`
}

const isItem = (type: ItemType, value: unknown): boolean => {
  switch (type) {
    case "integer":
      return Number.isSafeInteger(value)
    case "number":
      return Number.isFinite(value)
    case "boolean":
      return typeof value === "boolean"
    case "string":
    case "source":
      return typeof value === "string"
  }
}

const article = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)
/** YAML reads `1e-3x` as text and `yes` too: the hint that a text wants quotes, or none. */
const hint = (type: ItemType, node: Node): string =>
  (type === "string" || type === "source") && node.type === "scalar" && node.value !== null ? "; quote it" : ""

const checkItem = (type: ItemType, choices: ListNode | undefined, node: Node, path: string): ReadonlyArray<Problem> => {
  const value = node.type === "scalar" ? node.value : undefined
  if (node.type === "scalar" && typeof value === "string" && value.includes("${{")) {
    return [{ at: node.at, path, message: "expressions are not evaluated here, only in the stages of a pipeline" }]
  }
  if (!isItem(type, value)) {
    return [{ at: node.at, path, message: `expected ${article(type)}, got ${show(node)}${hint(type, node)}` }]
  }
  const fault = type === "source" ? sourceProblem(value as string) : undefined
  if (fault !== undefined) return [{ at: node.at, path, message: fault }]
  if (choices !== undefined && !choices.items.some((choice) => choice.type === "scalar" && choice.value === value)) {
    const words = choices.items.flatMap((choice) => (choice.type === "scalar" ? [String(choice.value)] : []))
    const message = `expected one of ${choices.items.map(show).join(", ")}, got ${show(node)}${suggest(String(value), words)}`
    return [{ at: node.at, path, message }]
  }
  return []
}

/** Every reason why `node` is not of the type; each item of a list is looked at. */
export const checkParam = (declared: ParamType, node: Node, path: string): ReadonlyArray<Problem> => {
  const { type, items, choices } = declared
  if (type !== "list") return checkItem(type, choices, node, path)
  const expected = items === undefined ? "a list" : `a list of ${items} values`
  if (node.type !== "list") return [{ at: node.at, path, message: `expected ${expected}, got ${show(node)}` }]
  if (items === undefined) return []
  return node.items.flatMap((item, index) => checkItem(items, choices, item, `${path}[${index}]`))
}
