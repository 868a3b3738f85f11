/** Facts parted: probes are fitted to some people and measured on others. */
import * as Rng from "../../random/rng.ts"
import type { RecallFacts } from "./recall-facts.ts"

export interface HeldOutFacts {
  readonly answers: Uint8Array
  /** Answers of others: what a probe makes of these is by chance. */
  readonly shuffled: Uint8Array
  readonly classes: number
  /** Facts that are fitted to, and those that are measured. */
  readonly fit: ReadonlyArray<number>
  readonly test: ReadonlyArray<number>
  /** Of figures by fact, those of `test`. */
  readonly onTest: (values: Float64Array) => Float64Array
}

export const holdOutFacts = (
  { count, answers, attributes }: Pick<RecallFacts, "count" | "answers" | "attributes">,
  fraction: number,
  seed: number
): HeldOutFacts => {
  const order = [...Rng.make(seed, "held-out facts").permutation(count)]
  const held = Math.max(1, Math.floor(count * fraction))
  const test = order.slice(0, held)
  return {
    answers,
    shuffled: Uint8Array.from(Rng.make(seed, "answers of others").permutation(count), (i) => answers[i]!),
    classes: attributes.length,
    fit: order.slice(held),
    test,
    onTest: (values) => Float64Array.from(test, (i) => values[i]!)
  }
}
