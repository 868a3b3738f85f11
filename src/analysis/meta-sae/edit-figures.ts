/** Means over edits, and how far they would move with other latents: what `edit-with-meta-latents` tells. */
import type { EditEffect, MetaEdit } from "../../kinds/meta-edits.ts"
import type { Interval } from "../../numeric/bootstrap.ts"
import { latentMean } from "../comparison/latent-mean.ts"

export interface EditFigure {
  readonly value: number
  /** Undefined from too few edits. */
  readonly interval: Interval | undefined
}

/** Change of the target in the wanted direction by the change of the others. */
export const selectivity = ({ shift, side }: EditEffect, sign: 1 | -1): number =>
  side === 0 ? 0 : (sign * shift) / side

const figures = {
  target_shift: ({ removed }: MetaEdit) => removed.shift,
  random_target_shift: ({ random }: MetaEdit) => random.shift,
  selectivity: ({ removed }: MetaEdit) => selectivity(removed, -1),
  ablated_selectivity: ({ ablated }: MetaEdit) => selectivity(ablated, -1),
  random_selectivity: ({ random }: MetaEdit) => selectivity(random, -1),
  kl: ({ removed }: MetaEdit) => removed.kl,
  ablated_kl: ({ ablated }: MetaEdit) => ablated.kl,
  swap_shift: ({ swap }: MetaEdit) => swap?.swapped.shift,
  swap_selectivity: ({ swap }: MetaEdit) => (swap === null ? undefined : selectivity(swap.swapped, 1)),
  replaced_selectivity: ({ swap }: MetaEdit) => (swap === null ? undefined : selectivity(swap.replaced, 1)),
  random_swap_selectivity: ({ swap }: MetaEdit) => (swap === null ? undefined : selectivity(swap.random, 1))
}
export type EditFigureName = keyof typeof figures

/** Undefined where no edit is of that kind. */
export const editFigure = (edits: ReadonlyArray<MetaEdit>, name: EditFigureName): EditFigure | undefined => {
  const values = edits.flatMap((edit) => figures[name](edit) ?? [])
  if (values.length === 0) return undefined
  const { mean, low, high } = latentMean(values)
  return { value: mean, interval: low === null || high === null ? undefined : { low, high } }
}
