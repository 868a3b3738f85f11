/** What overrides of a file do to a `--set` beside them: nothing that is wrong, but not what a person may expect. */
import type { Override, StageDeclaration } from "../specification/declaration.ts"
import { show } from "../specification/node.ts"
import type { Entry, Node } from "../specification/node.ts"
import type { Problem } from "../specification/problem.ts"
import { overridePath } from "./apply-overrides.ts"
import type { StageOverride } from "./apply-overrides.ts"
import { paramsIn } from "./evaluate.ts"

const isInFile = ({ at }: Override): boolean => at.line !== 0

/** What the file declares at a path of names. */
const valueAt = (
  entries: ReadonlyMap<string, Entry>,
  [name = "", ...names]: ReadonlyArray<string>
): Node | undefined => {
  const value = entries.get(name)?.value
  if (names.length === 0 || value === undefined) return value
  return value.type === "map" ? valueAt(value.entries, names) : undefined
}

const sameField = (a: StageOverride, b: StageOverride): boolean => a.target.field.join(".") === b.target.field.join(".")

/**
 * @param chosen overrides of one stage with the ids that each is for
 * @param assigned what `--set` sets
 */
export const overrideNotes = (
  stage: StageDeclaration,
  chosen: ReadonlyArray<readonly [StageOverride, ReadonlySet<string>]>,
  assigned: ReadonlyArray<Override>
): ReadonlyArray<Problem> => {
  const set = new Map(assigned.flatMap((each) => (each.target.kind === "param" ? [[each.target.name, each]] : [])))
  return chosen.flatMap(([override, ids]): ReadonlyArray<Problem> => {
    if (!isInFile(override)) return []
    const place = { at: override.at, path: overridePath(override) }
    if (ids.size === 0) {
      return [{ ...place, message: "is for no instance that --set leaves, and is left out" }]
    }
    const [head, ...names] = override.target.field
    const declared = head === "with" ? valueAt(stage.with, names) : undefined
    const by =
      declared === undefined
        ? undefined
        : paramsIn(declared)
            .map((param) => set.get(param))
            .find(Boolean)
    const wins = chosen.some(
      ([other, others]) => !isInFile(other) && sameField(other, override) && [...ids].every((id) => others.has(id))
    )
    // What is set in its place may be made of the same parameter.
    if (by === undefined || wins || paramsIn(override.value).length > 0) return []
    const all = [...ids].join(", ")
    const way = `--set '${override.path}=VALUE' wins over the file`
    return [{ ...place, message: `${all} keeps ${show(override.value)} in spite of --set ${by.path}; ${way}` }]
  })
}
