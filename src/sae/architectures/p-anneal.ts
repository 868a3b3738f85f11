/**
 * p-anneal: the penalty sum_j f_j^p, its p falling from 1 in steps while the SAE trains; at each step the weight changes
 * so that the penalty does not, judged by the last ten batches. Karvonen et al. 2024, arXiv 2408.00113, section 5;
 * dictionary_learning `trainers/p_anneal.py` (`Lp^p`).
 */
import * as Param from "../../stage/param.ts"
import type { SaeArchitecture, Batch } from "../architecture.ts"
import { dictionaryLearningL1 } from "../settings/dictionary-learning-preset.ts"
import { penaltyOptions, penaltyProblems } from "../settings/penalty-options.ts"
import { penaltyWeight } from "../settings/schedules.ts"

const options = {
  ...penaltyOptions,
  p_end: Param.number({
    default: 0,
    minimum: 0,
    maximum: 1,
    description: "what the exponent of the penalty falls to from 1; the last update is at the end of training"
  }),
  p_updates: Param.integer({ default: 10, minimum: 1, description: "updates in which it falls" }),
  anneal_start: Param.number({
    default: 0.2,
    minimum: 0,
    maximum: 1,
    description: "share of the steps from which on it falls"
  })
}
type Own = Param.ParamValues<typeof options>

/** Batches that the penalty's two sizes are compared over. */
const queueLength = 10

/** Steps (1, 2, ...) at which p changes, and the p from each on: from 1 to `p_end`, both ends among them. */
export const annealing = (
  options: Own & { readonly steps: number }
): ReadonlyArray<{ readonly step: number; readonly p: number }> => {
  const { steps, p_updates: n, p_end } = options
  const start = Math.floor(options.anneal_start * steps)
  return Array.from({ length: n }, (_, i) => ({
    step: start + 1 + (n === 1 ? 0 : Math.floor((i * (steps - start)) / (n - 1))),
    p: n === 1 ? p_end : 1 + ((p_end - 1) * i) / (n - 1)
  }))
}

interface AnnealState {
  readonly p: number
  /** The p after the next update; undefined before the first. */
  readonly next: number | undefined
  readonly weight: number
  /** Pairs: the penalty at p and at the next p, of the last batches. */
  readonly queue: ReadonlyArray<number>
}

const stateOf = ({ memory }: Batch): AnnealState => ({
  p: memory["p"] as number,
  next: memory["next_p"] as number | undefined,
  weight: memory["weight"] as number,
  queue: memory["queue"] as ReadonlyArray<number>
})

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** The state after a batch whose active values were `activations`. */
const after = (batch: Batch<Own>, state: AnnealState, activations: Float32Array): AnnealState => {
  const size = (p: number): number => {
    let sum = 0
    for (const f of activations) sum += f > 0 ? f ** p : 0
    return sum / batch.x.shape[0]
  }
  let { p, next, weight } = state
  let queue = state.queue
  if (next !== undefined) queue = [...queue, size(p), size(next)].slice(-2 * queueLength)
  const updates = annealing(batch.options)
  const at = updates.findIndex(({ step }) => step === batch.step)
  if (at >= 0) {
    if (next !== undefined) {
      const [now, then] = [mean(queue.filter((_, i) => i % 2 === 0)), mean(queue.filter((_, i) => i % 2 === 1))]
      if (then > 0) weight *= now / then
    }
    p = (updates[at] as { readonly p: number }).p
    next = updates[at + 1]?.p ?? batch.options.p_end
  }
  return { p, next, weight, queue }
}

const pAnneal: SaeArchitecture<typeof options> = {
  name: "p_anneal",
  summary: "L1 turning into L0",
  options,
  defaults: { reconstruction: "sum", sparsity_coefficient: 0.05 },
  presets: {
    dictionary_learning: {
      ...dictionaryLearningL1,
      // The demo's grid is 0.006 to 0.025.
      sparsity_coefficient: 0.015,
      p_end: 0,
      p_updates: 10,
      anneal_start: 15_000 / 244_000
    }
  },
  problems: (asked) => penaltyProblems("p_anneal", asked),
  sparseBy: "penalty",
  endToEnd: ["sparsity_coefficient"],
  memory: () => ({ p: 1, weight: 1, queue: [] }),
  latentType: "relu",
  latents: ({ b_enc }) => ({ type: "relu", b_enc }),
  load: async () => {
    const { reluLoss } = await import("../loss/relu-loss.ts")
    return {
      loss: (batch) => {
        const state = stateOf(batch)
        const { p } = state
        const penalty = { value: (f: number) => f ** p, slope: (f: number) => p * f ** (p - 1) }
        const result = reluLoss(batch, penalty, penaltyWeight(batch.options, batch.step) * state.weight)
        const then = after(batch, state, result.activations)
        const memory = { p: then.p, weight: then.weight, queue: then.queue }
        return { ...result, memory: then.next === undefined ? memory : { ...memory, next_p: then.next } }
      }
    }
  }
}

export default pAnneal
