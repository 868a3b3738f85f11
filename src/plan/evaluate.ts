/** Values of expressions, where parameters, the matrix row and the instances of earlier stages are known. */
import type { Json } from "../json/canonical-json.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import { parseTemplate, Unreadable } from "../specification/expression.ts"
import type { Expression, MatrixExpression, ParamExpression, StageExpression } from "../specification/expression.ts"
import type { Location } from "../specification/location.ts"
import type { Node } from "../specification/node.ts"
import type { Problem } from "../specification/problem.ts"
import type { ParamNodes } from "../specification/resolve-params.ts"
import type { Coordinates } from "../stage/coordinates.ts"
import { listCoordinates, matchSelector } from "./match-selector.ts"
import { showValue, valueFromJson, valueToJson } from "./value.ts"
import type { ArtifactValue, Value } from "./value.ts"

/** One row of a stage's matrix. */
export interface Row {
  readonly id: string
  readonly at: Coordinates
  /** What `${{ matrix.AXIS }}` gives. */
  readonly values: ReadonlyMap<string, Value>
  /** Of a matrix with a fault: the names that would have values, so that nobody is told that they do not exist. */
  readonly unknown?: ReadonlyArray<string>
}

export interface ExpandedStage {
  readonly name: string
  readonly rows: ReadonlyArray<Row>
}

export interface Scope {
  readonly params: ParamNodes
  /** Absent where no row is known: in the matrix itself. */
  readonly row?: Row
  /** By name, all of the pipeline; undefined: one with a fault that is reported elsewhere. */
  readonly stages: ReadonlyMap<string, ExpandedStage | undefined>
  readonly problems: Array<Problem>
}

/** Where an expression stands, for messages. */
export interface Spot {
  readonly at: Location
  readonly path: string
}

const report = (scope: Scope, { at, path }: Spot, message: string): undefined => {
  scope.problems.push({ at, path, message })
}

const evaluateParam = (scope: Scope, place: Spot, { name, indexes }: ParamExpression): Value | undefined => {
  if (!scope.params.has(name)) {
    return report(scope, place, `there is no parameter "${name}"${suggestOrList(name, [...scope.params.keys()])}`)
  }
  let value: Node | undefined = scope.params.get(name)
  let text = `params.${name}`
  for (const index of indexes) {
    if (value === undefined) return undefined
    if (value.type !== "list") return report(scope, place, `${text} is not a list, so it has no [${index}]`)
    const { length } = value.items
    value = value.items.at(index)
    if (value === undefined) return report(scope, place, `${text} has ${length} items, so there is no [${index}]`)
    text += `[${index}]`
  }
  return value
}

const evaluateMatrix = (scope: Scope, place: Spot, { axis, coordinate }: MatrixExpression): Value | undefined => {
  const { row } = scope
  if (row === undefined)
    return report(scope, place, "matrix.* has no value here, only in what one row of the matrix is for")
  const value = row.values.get(axis)
  if (value === undefined) {
    if (row.unknown?.includes(axis) === true) return undefined
    const names = [...row.values.keys(), ...(row.unknown ?? [])]
    if (names.length === 0) return report(scope, place, `there is no matrix.${axis}: the stage has no matrix`)
    return report(scope, place, `${row.id} has no matrix.${axis}${suggestOrList(axis, names)}`)
  }
  if (coordinate === undefined) return value
  if (value.type !== "artifact") {
    return report(
      scope,
      place,
      `matrix.${axis} is ${showValue(value)}, not an artifact, so it has no coordinate "${coordinate}"`
    )
  }
  const json = value.ref.at[coordinate]
  if (json === undefined) {
    const names = suggestOrList(coordinate, Object.keys(value.ref.at))
    return report(scope, place, `${value.ref.instance} has no coordinate "${coordinate}"${names}`)
  }
  return valueFromJson(json, place.at)
}

/** How the reference was written, for messages: `stages.sae[width=512]`. */
const written = ({ stage, selector }: StageExpression): string => {
  if (selector === undefined) return `stages.${stage}`
  const terms = [...selector.terms].map(([axis, term]) => {
    switch (term.kind) {
      case "any":
        return `${axis}=*`
      case "first":
      case "last":
        return `${axis}=${term.kind}`
      case "literal":
        return `${axis}=${term.text}`
      case "param":
        return `${axis}=params.${term.name}${term.indexes.map((index) => `[${index}]`).join("")}`
      case "matrix":
        return `${axis}=matrix.${term.axis}${term.coordinate === undefined ? "" : `.${term.coordinate}`}`
    }
  })
  return `stages.${stage}[${terms.length === 0 ? "*" : terms.join(", ")}]`
}

/** The plain value of `params.*` or `matrix.*`. */
const evaluateTerm = (scope: Scope, place: Spot, term: ParamExpression | MatrixExpression): Json | undefined => {
  const value = term.kind === "param" ? evaluateParam(scope, place, term) : evaluateMatrix(scope, place, term)
  if (value === undefined) return undefined
  const name = term.kind === "param" ? `params.${term.name}` : `matrix.${term.axis}`
  if (term.kind === "param" && value.type === "list" && term.indexes.length === 0) {
    return report(scope, place, `${name} is a list: choose one with ${name}[0]`)
  }
  return valueToJson(value) ?? report(scope, place, `${name} is ${showValue(value)}, which no coordinate can be`)
}

/** The rows that a reference names; a reference to one gives exactly one. */
export const evaluateStage = (
  scope: Scope,
  place: Spot,
  expression: StageExpression,
  /** What a reference without `*` may give: several in `needs` and overrides, and sometimes none. */
  howMany: "one" | "several" | "any" = "one"
): ReadonlyArray<Row> | undefined => {
  const { stage, selector } = expression
  if (!scope.stages.has(stage)) {
    return report(scope, place, `there is no stage "${stage}"${suggestOrList(stage, [...scope.stages.keys()])}`)
  }
  const expanded = scope.stages.get(stage)
  if (expanded === undefined) return undefined
  const { rows } = expanded
  const matches =
    selector === undefined ? rows : matchSelector(stage, rows, selector, (term) => evaluateTerm(scope, place, term))
  if (matches === undefined) return undefined
  if (matches instanceof Unreadable) return report(scope, place, matches.message)
  if (matches.length === 0 && howMany !== "any") {
    return report(scope, place, `${written(expression)} matches nothing; there are ${listCoordinates(rows)}`)
  }
  if (matches.length > 1 && howMany === "one" && selector?.list !== true) {
    const name = written(expression)
    const all = selector === undefined ? "" : `, or stages.${stage}[*] for all`
    const way =
      selector === undefined ? `select one, or write stages.${stage}[*] for all` : `name more coordinates${all}`
    return report(scope, place, `${name} matches ${matches.length}: ${listCoordinates(matches)}; ${way}`)
  }
  return matches
}

const evaluateExpression = (scope: Scope, place: Spot, expression: Expression): Value | undefined => {
  if (expression.kind === "param") return evaluateParam(scope, place, expression)
  if (expression.kind === "matrix") return evaluateMatrix(scope, place, expression)
  const rows = evaluateStage(scope, place, expression)
  if (rows === undefined) return undefined
  const items = rows.map(({ id, at }): ArtifactValue => ({
    type: "artifact",
    ref: { instance: id, at },
    stage: expression.stage,
    at: place.at
  }))
  return expression.selector?.list === true ? { type: "artifacts", items, at: place.at } : items[0]
}

const evaluateText = (scope: Scope, place: Spot, node: Node & { readonly type: "scalar" }): Value | undefined => {
  const template = parseTemplate(String(node.value))
  if (template instanceof Unreadable) return report(scope, place, template.message)
  if (template.kind === "text") return node
  if (template.kind === "whole") return evaluateExpression(scope, place, template.expression)
  let text = ""
  let complete = true
  for (const part of template.parts) {
    if (typeof part === "string") {
      text += part
      continue
    }
    const value = evaluateExpression(scope, place, part)
    if (value === undefined) complete = false
    else if (value.type === "scalar" && value.value !== null) text += String(value.value)
    else {
      complete = false
      report(scope, place, `${showValue(value)} cannot stand inside a text: let the expression be the whole value`)
    }
  }
  return complete ? { type: "scalar", value: text, at: node.at } : undefined
}

/** A node with every expression in it replaced by its value; undefined: something in it has none, as reported. */
export const evaluate = (scope: Scope, node: Node, path: string): Value | undefined => {
  const place = { at: node.at, path }
  if (node.type === "scalar") return typeof node.value === "string" ? evaluateText(scope, place, { ...node }) : node
  if (node.type === "list") {
    const items = node.items.map((item, index) => evaluate(scope, item, `${path}[${index}]`))
    return items.every((item) => item !== undefined) ? { type: "list", items, at: node.at } : undefined
  }
  const entries = [...node.entries].map(
    ([key, { keyAt, value }]) => [key, { keyAt, value: evaluate(scope, value, `${path}.${key}`) }] as const
  )
  if (entries.some(([, { value }]) => value === undefined)) return undefined
  return {
    type: "map",
    entries: new Map(entries as ReadonlyArray<readonly [string, { keyAt: Location; value: Value }]>),
    at: node.at
  }
}

/** The expressions below a node, as far as they can be read. */
const expressionsIn = (node: Node): ReadonlyArray<Expression> => {
  if (node.type === "list") return node.items.flatMap(expressionsIn)
  if (node.type === "map") return [...node.entries.values()].flatMap(({ value }) => expressionsIn(value))
  if (typeof node.value !== "string") return []
  const template = parseTemplate(node.value)
  if (template instanceof Unreadable || template.kind === "text") return []
  const parts = template.kind === "whole" ? [template.expression] : template.parts
  return parts.filter((part) => typeof part !== "string")
}

/** Names of the stages that the expressions below a node refer to. */
export const stagesIn = (node: Node): ReadonlyArray<string> =>
  expressionsIn(node).flatMap((each) => (each.kind === "stage" ? [each.stage] : []))

/** Names of the parameters that they refer to. */
export const paramsIn = (node: Node): ReadonlyArray<string> =>
  expressionsIn(node).flatMap((each) => (each.kind === "param" ? [each.name] : []))
