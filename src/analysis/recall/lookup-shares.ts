/** Where facts are looked up: how much of the right name's margin MLPs bring to another name. */
import { type FactFigure, ratio, valueOf } from "./fact-estimates.ts"
import type { Lookup } from "./lookup.ts"

export interface LookupShares {
  /** Share of the margin that one of them brings back. */
  readonly restored: (of: Lookup) => FactFigure
  /** All MLPs together: at the name, and where the question is asked. */
  readonly atName: Lookup
  readonly asked: Lookup
  /** The block that looks up most, where most is looked up. */
  readonly strongest: Lookup & { readonly layer: number }
}

/** @param margin by fact, of the right name's own run */
export const lookupShares = (looked: ReadonlyArray<Lookup>, margin: Float64Array): LookupShares => {
  const restored = (of: Lookup): FactFigure =>
    ratio(
      of.patched.map((value, i) => value - of.other[i]!),
      margin.map((value, i) => value - of.other[i]!)
    )
  const most = <A extends Lookup>(of: ReadonlyArray<A>): A =>
    of.reduce((a, b) => (valueOf(restored(b)) > valueOf(restored(a)) ? b : a))
  const together = looked.filter(({ layer }) => layer === undefined)
  const { position } = most(together)
  const blocks = looked.flatMap((of) => (of.layer === undefined ? [] : [{ ...of, layer: of.layer }]))
  return {
    restored,
    atName: together[0]!,
    asked: together.at(-1)!,
    strongest: most(blocks.filter((of) => of.position === position))
  }
}
