/**
 * What an explanation of a latent is made from: texts of the training rows, and the tokens that the latent promotes. The texts are the strongest ones, some
 * from bands of activation below, some drawn from anywhere, and some in which the same tokens leave it silent ("Towards Monosemanticity",
 * "Automated Interpretability - Activations": 10 top, 2 of each of 12 intervals, 5 random, 10 tokens out of context).
 */
import type { ActivatingExample } from "../../kinds/interpretations.ts"
import type { Rng } from "../../random/rng.ts"
import { chooseExamples } from "../choose-examples.ts"
import { distinctEnds } from "../choose-firings.ts"
import { exampleWindow, type Window } from "../example-window.ts"
import { activationAt, firingPositions } from "../firings.ts"
import type { LogitWeights } from "../logit-weights.ts"
import type { LatentSample, SampledLatent } from "../sample-latents.ts"
import { firingTokens } from "../token-rule.ts"
import type { PositionIndex } from "../token-stream.ts"

export interface EvidenceOptions {
  readonly top: number
  readonly bands: number
  readonly perBand: number
  /** Texts drawn from all training rows, whether the latent fires or not. */
  readonly random: number
  /** Texts with a token of the strongest ones on which the latent is silent. */
  readonly outOfContext: number
  readonly window: Window
}

export interface Evidence {
  readonly examples: ReadonlyArray<ActivatingExample>
  /** Tokens on which it fires, those with the most firings first: the best that tokens alone tell of it. */
  readonly tokens: ReadonlyArray<number>
  /** Undefined where it was not asked for. */
  readonly output: LogitWeights | undefined
}

const drawn = (positions: Int32Array, rng: Rng): Generator<number> =>
  (function* () {
    for (const i of rng.permutation(positions.length)) yield positions[i] as number
  })()

/** @param threshold activation from which on the latent counts as firing */
export const textEvidence = (
  { stream, trainPositions }: Pick<LatentSample, "stream" | "trainPositions">,
  index: PositionIndex,
  { firings, max }: Pick<SampledLatent, "firings" | "max">,
  threshold: number,
  options: EvidenceOptions,
  rng: Rng
): Omit<Evidence, "output"> => {
  const shown = chooseExamples(stream, firings, max, options, rng)
  const strongest = new Set(shown.top.map((position) => stream.ids[position] as number))
  const elsewhere = Int32Array.from([...strongest].flatMap((token) => [...index.withToken(token)])).filter(
    (position) => activationAt(firings, position) === 0
  )
  const places = new Set([
    ...shown.top,
    ...shown.bands.flatMap(({ positions }) => positions),
    ...distinctEnds(stream, options.random === 0 ? [] : drawn(trainPositions, rng), options.random),
    ...distinctEnds(stream, options.outOfContext === 0 ? [] : drawn(elsewhere, rng), options.outOfContext)
  ])
  const firing = firingPositions(firings, threshold)
  const fired = new Map<number, number>()
  for (const position of firing) {
    const token = stream.ids[position] as number
    fired.set(token, (fired.get(token) ?? 0) + 1)
  }
  return {
    examples: [...places].map((position) => exampleWindow(stream, firings, position, options.window)),
    tokens: firingTokens(stream, index, firing).toSorted((a, b) => (fired.get(b) ?? 0) - (fired.get(a) ?? 0) || a - b)
  }
}
