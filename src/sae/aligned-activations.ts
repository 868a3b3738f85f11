/** Whether rows of several Activations artifacts belong together: row i of each is the same token of the same text. */
import type { ActivationsHandle } from "../artifact/activations.ts"

/** What is different, or undefined where they are aligned. */
export const misaligned = (all: ReadonlyArray<ActivationsHandle>): string | undefined => {
  const [first] = all as [ActivationsHandle]
  for (const other of all.slice(1)) {
    const [a, b] = [first.hook, other.hook]
    if (other.tokens !== first.tokens) return `${a} and ${b} were captured on different texts`
    if (JSON.stringify(other.mask) !== JSON.stringify(first.mask)) return `${a} and ${b} leave out different tokens`
    if (JSON.stringify(other.split) !== JSON.stringify(first.split)) {
      return `${a} and ${b} hold out different documents (held_out_fraction or seed differ)`
    }
    if (other.train.rows !== first.train.rows || other.held_out.rows !== first.held_out.rows) {
      return `${a} has ${first.train.rows} training rows and ${b} has ${other.train.rows}`
    }
  }
  return undefined
}
