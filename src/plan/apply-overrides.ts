/** What `overrides:` and `--set` change of a stage: of its matrix, or of some of its instances. */
import type { Override, StageDeclaration } from "../specification/declaration.ts"
import type { Location } from "../specification/location.ts"
import type { Entry, Node } from "../specification/node.ts"
import { show } from "../specification/node.ts"
import type { Problem } from "../specification/problem.ts"
import { evaluateStage } from "./evaluate.ts"
import type { Row, Scope } from "./evaluate.ts"

type StageTarget = Extract<Override["target"], { readonly kind: "stage" }>
export interface StageOverride extends Override {
  readonly target: StageTarget
}

export const overridesOf = (overrides: ReadonlyArray<Override>, stage: string): ReadonlyArray<StageOverride> =>
  overrides.filter((each): each is StageOverride => each.target.kind === "stage" && each.target.stage === stage)

/** The path of an override in its file; on the command line the whole argument is the place. */
export const overridePath = ({ at, path }: Override): string => (at.line === 0 ? "" : `overrides.${path}`)

/** `entries` with the value under `names` replaced, or added. */
const setIn = (
  entries: ReadonlyMap<string, Entry>,
  names: ReadonlyArray<string>,
  value: Node,
  keyAt: Location
): ReadonlyMap<string, Entry> | string => {
  const [name, ...rest] = names
  if (name === undefined) return entries
  if (rest.length === 0) return new Map([...entries, [name, { keyAt, value }]])
  const inner = entries.get(name)?.value
  if (inner !== undefined && inner.type !== "map") return `"${name}" is ${show(inner)}, which has nothing below it`
  const changed = setIn(inner?.entries ?? new Map<string, Entry>(), rest, value, keyAt)
  if (typeof changed === "string") return changed
  return new Map([...entries, [name, { keyAt, value: { type: "map", entries: changed, at: inner?.at ?? keyAt } }]])
}

/** The stage with its declaration changed; problems are reported at the override. */
export const applyOverride = (
  stage: StageDeclaration,
  override: StageOverride,
  problems: Array<Problem>
): StageDeclaration => {
  const { field } = override.target
  const [head, ...names] = field
  const { value, at } = override
  if (head === "retries") return { ...stage, retries: value }
  if (head === "timeout") return { ...stage, timeout: value }
  if (head === "temp") return { ...stage, temp: value }
  const entries =
    head === "with" ? stage.with : head === "resources" ? stage.resources : (stage.matrix?.entries ?? new Map())
  const changed = setIn(entries, names, value, at)
  if (typeof changed === "string") {
    problems.push({ at, path: overridePath(override), message: changed })
    return stage
  }
  if (head === "with") return { ...stage, with: changed }
  if (head === "resources") return { ...stage, resources: changed }
  return { ...stage, matrix: { type: "map", entries: changed, at: stage.matrix?.at ?? at } }
}

export const isMatrixOverride = ({ target }: StageOverride): boolean => target.field[0] === "matrix"

/** For each override that is not of the matrix, the ids of the instances that it is for. */
export const instancesOf = (
  scope: Scope,
  overrides: ReadonlyArray<StageOverride>,
  /** Whether one may be for no instance. */
  mayMiss: (override: StageOverride) => boolean
): ReadonlyMap<StageOverride, ReadonlySet<string>> =>
  new Map(
    overrides
      .filter((override) => !isMatrixOverride(override))
      .map((override) => {
        const { stage, selector } = override.target
        const place = { at: override.at, path: overridePath(override) }
        const howMany = mayMiss(override) ? "any" : "several"
        const rows: ReadonlyArray<Row> = evaluateStage(scope, place, { kind: "stage", stage, selector }, howMany) ?? []
        return [override, new Set(rows.map(({ id }) => id))] as const
      })
  )
