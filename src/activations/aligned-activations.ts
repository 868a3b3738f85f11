/** Whether rows of several Activations artifacts belong together: row i of each is the same token of the same text. */
import type { ActivationsHandle } from "../kinds/activations/activations-handle.ts"

/** What is different, or undefined where they are aligned. */
export const misaligned = (all: ReadonlyArray<ActivationsHandle>): string | undefined => {
  const [first] = all as [ActivationsHandle]
  for (const other of all.slice(1)) {
    const [a, b] = [first.hook, other.hook]
    if (other.tokens !== first.tokens) return `${a} and ${b} were captured on different texts`
    if (other.mask.drop_bos !== first.mask.drop_bos || other.mask.outlier_factor !== first.mask.outlier_factor) {
      return `${a} and ${b} leave out different tokens (outlier_factor differs)`
    }
    if (JSON.stringify(other.split) !== JSON.stringify(first.split)) {
      return `${a} and ${b} hold out different documents (held_out_fraction or seed differ)`
    }
    if (JSON.stringify(other.order) !== JSON.stringify(first.order)) {
      return `the rows of ${a} and ${b} are in different orders: shuffle neither, or both with one seed`
    }
    if (other.rows.stored !== first.rows.stored) {
      return `rows of one of ${a} and ${b} are stored and those of the other are not: set materialize alike`
    }
    for (const set of ["train", "held_out"] as const) {
      if (other[set].rows === first[set].rows && other[set].positions_sha256 === first[set].positions_sha256) continue
      return (
        `${a} and ${b} have ${first[set].rows} and ${other[set].rows} ${set} rows of different tokens: norms left out ` +
        "different ones; give both captures one list of mask_hooks (and mask_models)"
      )
    }
  }
  return undefined
}
