/** What a latent is scored on, drawn once: its own explanation and another's are held against the same. */
import type { ActivatingExample } from "../../kinds/interpretations.ts"
import type { Rng } from "../../random/rng.ts"
import { activeTokens, markedText, plainText, type TokenText } from "./example-text.ts"
import type { HeldOutExamples } from "./held-out-examples.ts"

/** A text to be judged, and whether yes is right. */
export interface Judged {
  readonly text: string
  readonly right: boolean
}

export interface LatentTests {
  readonly detection: ReadonlyArray<Judged>
  readonly fuzzing: ReadonlyArray<Judged>
  readonly simulation: ReadonlyArray<ActivatingExample>
}

const shuffled = <A>(items: ReadonlyArray<A>, rng: Rng): ReadonlyArray<A> =>
  Array.from(rng.permutation(items.length), (i) => items[i] as A)

/** As many silent tokens as the firing ones of an average example, drawn at random; undefined where there are too few. */
const wrongMarks = (example: ActivatingExample, count: number, rng: Rng): ReadonlyArray<boolean> | undefined => {
  const silent = example.activations.flatMap((value, i) => (value === 0 ? [i] : []))
  if (silent.length < count) return undefined
  const marked = new Set(shuffled(silent, rng).slice(0, count))
  return example.tokens.map((_, i) => marked.has(i))
}

/**
 * @param threshold activation from which on a token counts as one on which the latent fires
 * @param simulated texts of each sort that are simulated
 */
export const latentTests = (
  { firing, silent }: HeldOutExamples,
  { threshold, simulated, text }: { readonly threshold: number; readonly simulated: number; readonly text: TokenText },
  rng: Rng
): LatentTests => {
  const judged = (example: ActivatingExample, right: boolean): Judged => ({ text: plainText(example, text), right })
  const active = firing.map((example) => activeTokens(example, threshold))
  const mean = active.flat().filter(Boolean).length / Math.max(1, firing.length)
  const fuzzing = firing.flatMap((example, i): ReadonlyArray<Judged> => {
    const right = i % 2 === 0
    const marks = right ? active[i] : wrongMarks(example, Math.ceil(mean), rng)
    return marks === undefined ? [] : [{ text: markedText(example, marks, text), right }]
  })
  return {
    detection: shuffled(
      [...firing.map((each) => judged(each, true)), ...silent.map((each) => judged(each, false))],
      rng
    ),
    fuzzing: shuffled(fuzzing, rng),
    simulation: [...firing.slice(0, simulated), ...silent.slice(0, simulated)]
  }
}
