/** A trained family and the SAEs on the paths between its members, all measured on the same rows. */
import * as Effect from "effect/Effect"
import type { ActivationsHandle } from "../../kinds/activations/activations-handle.ts"
import type { LanguageModelHandle } from "../../kinds/language-model/language-model-handle.ts"
import type { SaeWeights } from "../../kinds/sae/stored/sae-weights.ts"
import type { Walk } from "./family-walk.ts"
import { type MeasuredSae, measureSaes } from "./measure-saes.ts"

export interface Family {
  /** Trained ones, smallest first. */
  readonly saes: ReadonlyArray<SaeWeights>
  /** Between each and the next. */
  readonly walks: ReadonlyArray<Walk>
  /** From the smallest to the largest at once; undefined where there is none between them. */
  readonly direct: Walk | undefined
  readonly merged: ReadonlyArray<SaeWeights>
}

export interface MeasuredFamily {
  readonly trained: ReadonlyArray<MeasuredSae>
  /** Along the paths between neighbours, with the trained ones. */
  readonly chain: ReadonlyArray<MeasuredSae>
  /** Along the path from the smallest to the largest, with these; undefined where there is none. */
  readonly direct: ReadonlyArray<MeasuredSae> | undefined
  /** Those of the direct path that have the sizes of trained ones. */
  readonly atSizes: ReadonlyArray<MeasuredSae>
  readonly merged: ReadonlyArray<MeasuredSae>
}

const weightsOf = (walked: Walk["between"] = []): ReadonlyArray<SaeWeights> => walked.map(({ weights }) => weights)

export const measureFamily = Effect.fnUntraced(function* (
  { saes, walks, direct, merged }: Family,
  activations: ActivationsHandle,
  model: LanguageModelHandle | undefined,
  contexts: number,
  onSae: (done: number, total: number) => void
) {
  const all = [
    ...saes,
    ...walks.flatMap(({ between }) => weightsOf(between)),
    ...weightsOf(direct?.between),
    ...weightsOf(direct?.atSizes),
    ...merged
  ]
  const measured = yield* measureSaes(all, activations, model, contexts, (done) => onSae(done, all.length))
  let first = 0
  const next = (count = 0): ReadonlyArray<MeasuredSae> => measured.slice(first, (first += count))
  const trained = next(saes.length)
  const steps = walks.map(({ between }) => next(between.length))
  const between = next(direct?.between.length)
  const atSizes = next(direct?.atSizes.length)
  const walked = [...(direct?.between ?? []), ...(direct?.atSizes ?? [])]
  const onDirect = [...between, ...atSizes]
    .map((sae, n) => ({ sae, step: walked[n]!.step }))
    .toSorted((a, b) => a.step - b.step)
    .map(({ sae }) => sae)
  const found: MeasuredFamily = {
    trained,
    chain: trained.flatMap((sae, n) => [sae, ...(steps[n] ?? [])]),
    direct: direct === undefined ? undefined : [trained[0]!, ...onDirect, trained.at(-1)!],
    atSizes,
    merged: next(merged.length)
  }
  return found
})
