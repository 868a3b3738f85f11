/**
 * p-anneal: the penalty sum_j f_j^p, its p falling from 1 in steps while the SAE trains; at each step the weight changes
 * so that the penalty does not, judged by the last ten batches. Karvonen et al. 2024, arXiv 2408.00113, section 5;
 * dictionary_learning `trainers/p_anneal.py` (`Lp^p`).
 */
import type { Architecture, Batch, BatchLoss } from "../architecture.ts"
import { reluLoss } from "./standard.ts"
import type { ResolvedOptions } from "../settings/training-options.ts"

/** Batches that the penalty's two sizes are compared over. */
const queueLength = 10

/** Steps (1, 2, ...) at which p changes, and the p from each on: from 1 to `p_end`, both ends among them. */
export const annealing = (options: ResolvedOptions): ReadonlyArray<{ readonly step: number; readonly p: number }> => {
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
const after = (batch: Batch, state: AnnealState, activations: Float32Array): AnnealState => {
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

const loss = (batch: Batch): BatchLoss => {
  const state = stateOf(batch)
  const { p } = state
  const result = reluLoss(
    { ...batch, sparsity: batch.sparsity * state.weight },
    { value: (f) => f ** p, slope: (f) => p * f ** (p - 1) }
  )
  const then = after(batch, state, result.activations)
  const memory = { p: then.p, weight: then.weight, queue: then.queue }
  return { ...result, memory: then.next === undefined ? memory : { ...memory, next_p: then.next } }
}

export const pAnneal: Architecture = {
  name: "p_anneal",
  extras: () => ({}),
  memory: () => ({ p: 1, weight: 1, queue: [] }),
  loss,
  latents: ({ b_enc }) => ({ type: "relu", b_enc }),
  threshold: false
}
