/** The head that tells answers best by its weights alone: chosen on some people, measured on others. */
import * as Effect from "effect/Effect"
import type { RunnableModel } from "../../model/run-model.ts"
import { breathe } from "../../stage/breathe.ts"
import { type FactFigure, share } from "./fact-estimates.ts"
import { headProbe } from "./head-probe.ts"
import type { HeldOutFacts } from "./held-out-facts.ts"
import type { RecallFacts } from "./recall-facts.ts"
import { told } from "./run-facts.ts"

export interface ProbedHead {
  readonly layer: number
  readonly head: number
  /** By fact: 1 where it tells the answer. */
  readonly right: Float64Array
}

export interface BestHead {
  readonly heads: ReadonlyArray<ProbedHead>
  readonly best: ProbedHead
  /** What the best head makes of the residual stream before each block, and after the last. */
  readonly along: ReadonlyArray<{ readonly own: FactFigure; readonly control: FactFigure }>
}

/**
 * @param residuals [facts, d_model] at the name, before each block and after the last
 * @param onHead called with the number of heads that are done
 */
export const findBestHead = Effect.fnUntraced(function* (
  model: RunnableModel,
  facts: RecallFacts,
  residuals: ReadonlyArray<Float32Array>,
  { answers, shuffled, fit, onTest }: HeldOutFacts,
  onHead: (done: number) => void
) {
  const heads: Array<ProbedHead> = []
  for (let layer = 0; layer < model.info.n_layers; layer++) {
    for (let head = 0; head < model.info.n_heads; head++) {
      heads.push({ layer, head, right: told(headProbe(model, facts, layer, head, residuals[layer]!), answers) })
      onHead(heads.length)
      yield* breathe
    }
  }
  const onFit = ({ right }: ProbedHead): number => fit.reduce((sum, i) => sum + right[i]!, 0) / fit.length
  const best = heads.reduce((a, b) => (onFit(b) > onFit(a) ? b : a))
  const along = residuals.map((rows) => {
    const scores = headProbe(model, facts, best.layer, best.head, rows)
    return { own: share(onTest(told(scores, answers))), control: share(onTest(told(scores, shuffled))) }
  })
  const found: BestHead = { heads, best, along }
  return found
})
