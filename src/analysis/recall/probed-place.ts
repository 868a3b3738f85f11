/**
 * One position of the residual stream, block by block: where the answer is introduced (a probe fitted to some people tells
 * others), and where it is boosted (people part along one and the same direction, the last block's).
 */
import { fitClassProbe } from "./class-probe.ts"
import { type FactFigure, share } from "./fact-estimates.ts"
import type { HeldOutFacts } from "./held-out-facts.ts"
import { margins, told } from "./run-facts.ts"

export interface ProbedPlace {
  readonly position: number
  /** Accuracies, and those of a probe of the answers of others. */
  readonly probed: ReadonlyArray<FactFigure>
  readonly control: ReadonlyArray<FactFigure>
  /** Margins along the last probe. */
  readonly boosted: ReadonlyArray<FactFigure>
}

/** @param residuals [facts, d] before each block, and after the last */
export const probePlace = (
  position: number,
  residuals: ReadonlyArray<Float32Array>,
  d: number,
  { answers, shuffled, classes, fit, onTest }: HeldOutFacts
): ProbedPlace => {
  const last = fitClassProbe(residuals.at(-1)!, d, answers, classes, fit)
  const lengths = Array.from({ length: classes }, (_, c) => Math.hypot(...last.directions.subarray(c * d, (c + 1) * d)))
  const accuracy = (x: Float32Array, labels: Uint8Array): FactFigure =>
    share(onTest(told(fitClassProbe(x, d, labels, classes, fit).scores(x), labels)))
  return {
    position,
    probed: residuals.map((x) => accuracy(x, answers)),
    control: residuals.map((x) => accuracy(x, shuffled)),
    boosted: residuals.map((x) => {
      const along = last.scores(x).map((score, at) => score / Math.max(lengths[at % classes]!, Number.MIN_VALUE))
      return share(onTest(margins(along, answers)))
    })
  }
}
