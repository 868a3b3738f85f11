/** Which instances of a stage a selector stands for. */
import { canonicalJson } from "../json/canonical-json.ts"
import type { Json } from "../json/canonical-json.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import { Unreadable } from "../specification/expression.ts"
import type { MatrixExpression, ParamExpression, Selector } from "../specification/expression.ts"
import type { Coordinates } from "../stage/coordinates.ts"
import { formatCoordinate } from "../words/coordinate-text.ts"
import { formatCoordinates } from "./coordinates.ts"

export interface HasCoordinates {
  readonly at: Coordinates
}

/** The value of `params.*` or `matrix.*` in a selector; undefined: there is none, and the reason is reported. */
export type TermValue = (term: ParamExpression | MatrixExpression) => Json | undefined

/** More coordinates than this help nobody. */
const SHOWN = 12

/** `[width=512,seed=0], [width=2048,seed=0]`, cut where it grows long. */
export const listCoordinates = (instances: ReadonlyArray<HasCoordinates>): string => {
  const shown = instances.slice(0, SHOWN).map(({ at }) => formatCoordinates(at) || "one instance without coordinates")
  return shown.join(", ") + (instances.length > SHOWN ? `, ... (${instances.length} in all)` : "")
}

/** Axes in the order in which instances bring them up. */
const axesOf = (instances: ReadonlyArray<HasCoordinates>): ReadonlyArray<string> => [
  ...new Set(instances.flatMap(({ at }) => Object.keys(at)))
]

/** All that match, which may be none; an axis that the selector does not name may have any value. */
export const matchSelector = <I extends HasCoordinates>(
  stage: string,
  instances: ReadonlyArray<I>,
  selector: Selector,
  termValue: TermValue
): ReadonlyArray<I> | Unreadable | undefined => {
  const axes = axesOf(instances)
  let matches = instances
  for (const [axis, term] of selector.terms) {
    if (!axes.includes(axis)) {
      if (axes.length === 0) return new Unreadable(`${stage} has no matrix, so nothing can be selected of it`)
      return new Unreadable(`${stage} has no axis "${axis}"${suggestOrList(axis, axes)}`)
    }
    if (term.kind === "any") continue
    let wanted: (value: Json) => boolean
    if (term.kind === "first" || term.kind === "last") {
      const values = instances.map(({ at }) => at[axis]).filter((value) => value !== undefined)
      const position = term.kind === "first" ? values[0] : lastNew(values)
      const edge = canonicalJson(position)
      // The word is a value of the axis too: which is meant cannot be told, unless both are the same.
      if (position !== term.kind && values.includes(term.kind)) {
        return new Unreadable(
          `"${term.kind}" is a value of the axis ${axis} of ${stage}, and the word for its ${term.kind} position, ` +
            `${formatCoordinate(position ?? null)}: write ${axis}='${term.kind}' for the value, or name the value wanted`
        )
      }
      wanted = (value) => canonicalJson(value) === edge
    } else if (term.kind === "literal") {
      wanted = (value) => canonicalJson(value) === canonicalJson(term.value)
    } else {
      const json = termValue(term)
      if (json === undefined) return undefined
      wanted = (value) => canonicalJson(value) === canonicalJson(json)
    }
    matches = matches.filter(({ at }) => at[axis] !== undefined && wanted(at[axis]))
  }
  return matches
}

/** The last position on an axis: the value whose first appearance is the latest. */
const lastNew = (values: ReadonlyArray<Json>): Json => {
  const seen = new Map<string, Json>()
  for (const value of values) {
    const text = canonicalJson(value)
    if (!seen.has(text)) seen.set(text, value)
  }
  return [...seen.values()].at(-1) as Json
}
