/** The held-out texts that explanations of a latent are scored on: some where it fires, some where it is silent. */
import type { ActivatingExample } from "../../kinds/interpretations.ts"
import type { Rng } from "../../random/rng.ts"
import { distinctEnds } from "../choose-firings.ts"
import { exampleWindow, type Window } from "../example-window.ts"
import { type Firings, firingPositions } from "../firings.ts"
import type { TokenStream } from "../token-stream.ts"

export interface HeldOutExamples {
  readonly firing: ReadonlyArray<ActivatingExample>
  /** No token of these has an activation. */
  readonly silent: ReadonlyArray<ActivatingExample>
}

/** Positions tried for each silent text that is wanted: a dense latent has few. */
const triesEach = 20

/**
 * @param threshold activation from which on the latent counts as firing
 * @param positions held-out rows that were read: texts are of them alone
 * @param count texts of each sort at most
 */
export const heldOutExamples = (
  stream: TokenStream,
  firings: Firings,
  {
    threshold,
    positions,
    count,
    window
  }: {
    readonly threshold: number
    readonly positions: Int32Array
    readonly count: number
    readonly window: Window
  },
  rng: Rng
): HeldOutExamples => {
  // What is not among the rows that were read has no activation here, and may well have one.
  const read = new Set(positions)
  const isRead = ({ pivot, position, tokens }: ActivatingExample): boolean =>
    tokens.every((_, i) => read.has(position - pivot + i))
  const strong = firingPositions(firings, threshold)
  const drawn = Array.from(rng.permutation(strong.length), (i) => strong[i] as number)
  const firing = distinctEnds(stream, drawn, strong.length)
    .map((position) => exampleWindow(stream, firings, position, window))
    .filter(isRead)
    .slice(0, count)
  const silent: Array<ActivatingExample> = []
  for (let tried = 0; tried < triesEach * count && silent.length < count && positions.length > 0; tried++) {
    const example = exampleWindow(stream, firings, positions[rng.int(positions.length)] as number, window)
    const taken = silent.some(({ position }) => position === example.position)
    if (!taken && isRead(example) && example.activations.every((value) => value === 0)) silent.push(example)
  }
  return { firing, silent }
}
