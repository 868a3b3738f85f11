/** What changes from step to step by a plan: the learning rate, the weight of the sparsity penalty, and k. */
import type { ResolvedOptions } from "../settings/training-options.ts"

type Shape = ResolvedOptions["warmup_shape"]

/** From 0 at 0 to 1 at 1 and above. */
const rise = (shape: Shape, at: number): number => {
  const share = Math.min(1, at)
  return shape === "linear" ? share : (1 - Math.cos(Math.PI * share)) / 2
}

/** Steps that a share of a run is; at least one. */
const stepsOf = (share: number, { steps }: ResolvedOptions): number => Math.max(1, Math.round(share * steps))

/**
 * Learning rate of step 1, 2, ..., `steps`: warm-up (again after latents were made anew), constant, decay to its floor
 * after the last step.
 */
export const learningRate = (options: ResolvedOptions, step: number): number => {
  const { warmup_from: from, decay_to: to } = options
  const since = options.resample_every === null ? step : ((step - 1) % options.resample_every) + 1
  const up = from + (1 - from) * rise(options.warmup_shape, since / stepsOf(options.warmup, options))
  const left = (options.steps - step + 1) / stepsOf(options.decay, options)
  const down = to + (1 - to) * rise(options.decay_shape, left)
  return options.lr * Math.min(up, down, 1)
}

/** Weight of the sparsity penalty at step 1, 2, ...: linear warm-up, then constant. */
export const sparsityCoefficient = (options: ResolvedOptions, step: number): number =>
  options.sparsity_coefficient * Math.min(1, step / stepsOf(options.sparsity_warmup, options))

/** k at step 1, 2, ...: from d_in (or all latents, where they are fewer) down to k, rounded down (dl `k_anneal_steps`). */
export const latentsChosen = (
  { k, k_anneal, d_sae, ...options }: ResolvedOptions,
  step: number,
  d_in: number
): number => {
  if (k_anneal === 0 || k === 0) return k
  const first = Math.max(k, Math.min(d_in, d_sae))
  const share = Math.min(1, step / stepsOf(k_anneal, { ...options, k, k_anneal, d_sae }))
  return Math.floor(first * (1 - share) + k * share)
}
