/**
 * The rows of a stage's matrix, row-major in the order of its axes.
 *
 * As in GitHub Actions `exclude` takes rows away, then each entry of `include` adds values to the rows that it agrees
 * with, or is a row of its own. An axis over artifacts hands down their coordinates instead of one of its own.
 */
import { canonicalJson } from "../json/canonical-json.ts"
import type { Json } from "../json/canonical-json.ts"
import type { StageDeclaration } from "../specification/declaration.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import { namePattern } from "../specification/expression.ts"
import type { Entry, MapNode, Node } from "../specification/node.ts"
import type { Coordinates } from "../stage/coordinates.ts"
import { formatCoordinates } from "./coordinates.ts"
import { MOST_INSTANCES, showCount } from "./limits.ts"
import { evaluate } from "./evaluate.ts"
import type { Row, Scope } from "./evaluate.ts"
import { showValue, valueToJson } from "./value.ts"
import type { ArtifactValue, Value } from "./value.ts"

type Cells = ReadonlyMap<string, Value>

/** The items of an axis: those of its list, artifacts of a selector one by one. */
const axisItems = (scope: Scope, node: Node, path: string): ReadonlyArray<Value> | undefined => {
  const value = evaluate(scope, node, path)
  if (value === undefined) return undefined
  const report = (message: string): undefined => {
    scope.problems.push({ at: node.at, path, message })
  }
  if (value.type === "artifacts") return value.items
  if (value.type !== "list") return report(`an axis is a list of values or of artifacts, got ${showValue(value)}`)
  const items = value.items.flatMap<Value>((item) => (item.type === "artifacts" ? item.items : [item]))
  if (items.length === 0) return report("the axis has no values, so the stage would have no instance")
  const nested = items.find((item) => item.type !== "artifact" && valueToJson(item) === undefined)
  return nested === undefined ? items : report(`${showValue(nested)} cannot be a value of an axis`)
}

/** Every combination, the last axis moving fastest. */
const product = (axes: ReadonlyArray<readonly [string, ReadonlyArray<Value>]>): ReadonlyArray<Cells> =>
  axes.reduce<ReadonlyArray<Cells>>(
    (rows, [axis, items]) => rows.flatMap((row) => items.map((item) => new Map([...row, [axis, item]]))),
    [new Map()]
  )

type CoordinatesOf = (cells: Cells) => Coordinates

/** How rows are named. Two axes that hand down the same coordinate name prefix it with their own: `small.width`. */
const namer = (axes: ReadonlyArray<readonly [string, ReadonlyArray<Value>]>): CoordinatesOf => {
  const handsDown = new Set<string>()
  const uses = new Map<string, number>()
  for (const [axis, items] of axes) {
    const artifacts = items.filter((item): item is ArtifactValue => item.type === "artifact")
    const stages = new Set(artifacts.map(({ stage }) => stage))
    const inherits =
      artifacts.length === items.length &&
      stages.size === 1 &&
      artifacts.every(({ ref }) => Object.keys(ref.at).length > 0)
    if (inherits) handsDown.add(axis)
    const names = inherits ? new Set(artifacts.flatMap(({ ref }) => Object.keys(ref.at))) : [axis]
    for (const name of names) uses.set(name, (uses.get(name) ?? 0) + 1)
  }
  return (cells) => {
    const at: Record<string, Json> = {}
    for (const [axis, value] of cells) {
      if (value.type !== "artifact") at[axis] = valueToJson(value) as Json
      else if (!handsDown.has(axis)) at[axis] = value.ref.instance
      else {
        for (const [name, coordinate] of Object.entries(value.ref.at)) {
          at[(uses.get(name) as number) > 1 ? `${axis}.${name}` : name] = coordinate
        }
      }
    }
    return at
  }
}

const sameJson = (a: Json | undefined, b: Json | undefined): boolean =>
  a !== undefined && b !== undefined && canonicalJson(a) === canonicalJson(b)

const agrees = (cells: Cells, at: Coordinates, axis: string, value: Value): boolean => {
  if (value.type !== "artifact") return sameJson(at[axis], valueToJson(value))
  const cell = cells.get(axis)
  return cell?.type === "artifact" && cell.ref.instance === value.ref.instance
}

/** The maps listed under `include` or `exclude`, evaluated. */
const listed = (scope: Scope, entry: Entry | undefined, path: string): ReadonlyArray<ReadonlyMap<string, Value>> => {
  if (entry === undefined) return []
  const value = evaluate(scope, entry.value, path)
  if (value === undefined) return []
  const items = value.type === "list" ? value.items : [value]
  return items.flatMap((item, index) => {
    const cells = item.type === "map" ? [...item.entries].map(([name, { value }]) => [name, value] as const) : []
    const odd = cells.find(([, { type }]) => type === "artifacts")
    if (item.type === "map" && odd === undefined) return [new Map(cells)]
    const message = `expected a map of axes and values, got ${showValue(odd?.[1] ?? item)}`
    scope.problems.push({ at: item.at, path: `${path}[${index}]`, message })
    return []
  })
}

const rowsOf = (
  scope: Scope,
  matrix: MapNode,
  path: string
): ReadonlyArray<{ cells: Cells; at: Coordinates }> | undefined => {
  const axes: Array<readonly [string, ReadonlyArray<Value>]> = []
  let complete = true
  for (const [axis, { keyAt, value }] of matrix.entries) {
    if (axis === "include" || axis === "exclude") continue
    if (!namePattern.test(axis)) {
      const message = "a name is made of letters, digits, _ and -, a letter first"
      scope.problems.push({ at: keyAt, path: `${path}.${axis}`, message })
      complete = false
      continue
    }
    const items = axisItems(scope, value, `${path}.${axis}`)
    if (items === undefined) complete = false
    else axes.push([axis, items])
  }
  if (!complete) return undefined
  const count = axes.reduce((total, [, items]) => total * items.length, 1)
  if (count > MOST_INSTANCES) {
    const lengths = axes.map(([axis, items]) => `${axis} ${showCount(items.length)}`).join(", ")
    const message = `its axes (${lengths}) give ${showCount(count)} instances; an experiment has at most ${showCount(MOST_INSTANCES)}`
    scope.problems.push({ at: matrix.at, path, message })
    return undefined
  }
  const coordinatesOf = namer(axes)
  let rows = (axes.length === 0 ? [] : product(axes)).map((cells) => ({ cells, at: coordinatesOf(cells) }))
  const known = [...new Set([...axes.map(([axis]) => axis), ...rows.flatMap(({ at }) => Object.keys(at))])]

  const exclude = matrix.entries.get("exclude")
  for (const entry of listed(scope, exclude, `${path}.exclude`)) {
    for (const [axis, { at }] of entry) {
      if (known.includes(axis)) continue
      const message = `the matrix has no axis "${axis}"${suggestOrList(axis, known)}`
      scope.problems.push({ at, path: `${path}.exclude`, message })
    }
    rows = rows.filter(({ cells, at }) => ![...entry].every(([axis, value]) => agrees(cells, at, axis, value)))
  }

  const original = rows
  const added: Array<{ cells: Cells; at: Coordinates }> = []
  const extras = new Map<(typeof rows)[number], Map<string, Value>>(rows.map((row) => [row, new Map()]))
  for (const entry of listed(scope, matrix.entries.get("include"), `${path}.include`)) {
    const pairs = [...entry].filter(([axis]) => known.includes(axis))
    const into = original.filter(({ cells, at }) => pairs.every(([axis, value]) => agrees(cells, at, axis, value)))
    for (const row of into) {
      for (const [name, value] of entry) if (!known.includes(name)) extras.get(row)?.set(name, value)
    }
    if (into.length > 0) continue
    const inOrder = [
      ...axes.flatMap(([axis]) => (entry.has(axis) ? [axis] : [])),
      ...[...entry.keys()].filter((name) => !axes.some(([axis]) => axis === name))
    ]
    const cells = new Map(inOrder.map((name) => [name, entry.get(name) as Value]))
    added.push({ cells, at: coordinatesOf(cells) })
  }
  const widened = original.map((row) => {
    const cells = new Map([...row.cells, ...(extras.get(row) ?? [])])
    return { cells, at: coordinatesOf(cells) }
  })
  return [...widened, ...added]
}

/** undefined: the matrix has a fault, which is reported. */
export const expandMatrix = (scope: Scope, stage: StageDeclaration): ReadonlyArray<Row> | undefined => {
  const { name, matrix } = stage
  if (matrix === undefined) return [{ id: name, at: {}, values: new Map() }]
  const path = `stages.${name}.matrix`
  const before = scope.problems.length
  const rows = rowsOf(scope, matrix, path)?.map(({ cells, at }) => ({
    id: name + formatCoordinates(at),
    at,
    values: cells
  }))
  if (rows === undefined || scope.problems.length > before) return undefined
  if (rows.length === 0) {
    scope.problems.push({ at: matrix.at, path, message: "the matrix leaves no instance" })
    return undefined
  }
  const seen = new Set<string>()
  const twice = rows.find(({ id }) => seen.size === seen.add(id).size)
  if (twice === undefined) return rows
  scope.problems.push({ at: matrix.at, path, message: `the matrix gives ${twice.id} twice` })
  return undefined
}
