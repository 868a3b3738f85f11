/** The values of a pipeline's parameters: default, then the experiment's, then what is set from outside; later wins. */
import type { Override, ParamDeclaration } from "./declaration.ts"
import { isNull } from "./decode-params.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import { below } from "./map-fields.ts"
import type { MapNode, Node } from "./node.ts"
import { checkParam } from "./param-type.ts"
import { formatLine } from "./location.ts"
import type { Location } from "./location.ts"
import type { Problem } from "./problem.ts"

/** undefined: the parameter exists, and its value is wrong or missing, as a problem says. */
export type ParamNodes = ReadonlyMap<string, Node | undefined>

export const resolveParams = (
  declarations: ReadonlyMap<string, ParamDeclaration | undefined>,
  given: MapNode | undefined,
  overrides: ReadonlyArray<Override>,
  /** Where the experiment should give a value; undefined: the parameters are its own. */
  missingAt: Location | undefined,
  problems: Array<Problem>
): ParamNodes => {
  const names = [...declarations.keys()]
  const values = new Map<string, Node>()
  const set = (name: string, keyAt: Location, value: Node): void => {
    if (declarations.has(name)) values.set(name, value)
    else {
      const message = `the pipeline has no such parameter${suggestOrList(name, names)}`
      problems.push({ at: keyAt, path: below("params", name), message })
    }
  }
  for (const [name, { keyAt, value }] of given?.entries ?? []) set(name, keyAt, value)
  for (const { target, at, value } of overrides) if (target.kind === "param") set(target.name, at, value)

  const resolved = new Map<string, Node | undefined>()
  for (const [name, declaration] of declarations) {
    const path = below("params", name)
    const value = values.get(name)
    if (declaration === undefined) resolved.set(name, undefined)
    else if (value === undefined) {
      resolved.set(name, declaration.default)
      if (declaration.default === undefined) {
        const message =
          missingAt === undefined
            ? `has no value: give it a default, or --set ${name}=VALUE`
            : `missing: the pipeline needs it (${declaration.type}, ${formatLine(declaration.at)})`
        problems.push({ at: missingAt ?? declaration.at, path, message })
      }
    } else if (isNull(value) && declaration.default !== undefined && isNull(declaration.default)) {
      resolved.set(name, value)
    } else {
      const faults = checkParam(declaration, value, path)
      problems.push(...faults)
      resolved.set(name, faults.length === 0 ? value : undefined)
    }
  }
  return resolved
}
