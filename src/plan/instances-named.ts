/** Stages as they are named on the command line: `sae` (all its instances), `sae[width=512]` (some of them). */
import { suggestOrList } from "../words/did-you-mean.ts"
import { parseExpression, Unreadable } from "../specification/expression.ts"
import { type HasCoordinates, listCoordinates, matchSelector } from "./match-selector.ts"

/** `instances` in the order of their matrix, which is that of `first` and `last`. */
export const instancesNamed = <I extends HasCoordinates & { readonly stage: string }>(
  instances: ReadonlyArray<I>,
  name: string
): ReadonlyArray<I> | Unreadable => {
  const expression = parseExpression(`stages.${name}`)
  if (expression instanceof Unreadable || expression.kind !== "stage") {
    return new Unreadable("expected a stage, such as sae or sae[width=512]")
  }
  const { stage, selector } = expression
  const rows = instances.filter((instance) => instance.stage === stage)
  if (rows.length === 0) {
    const stages = [...new Set(instances.map((instance) => instance.stage))]
    return new Unreadable(`there is no stage "${stage}"${suggestOrList(stage, stages)}`)
  }
  if (selector === undefined) return rows
  const terms = [...selector.terms.values()]
  if (terms.some(({ kind }) => kind === "param" || kind === "matrix")) {
    return new Unreadable("params.* and matrix.* have no value here")
  }
  const matches = matchSelector(stage, rows, selector, () => undefined) ?? []
  if (matches instanceof Unreadable || matches.length > 0) return matches
  return new Unreadable(`${name} matches nothing; there are ${listCoordinates(rows)}`)
}
