/** What changes from step to step of a run. */
import type { ChoiceOptions } from "./choice-options.ts"
import type { PenaltyOptions } from "./penalty-options.ts"
import type { SharedOptions } from "./shared-options.ts"

interface Run {
  readonly steps: number
}

type Shape = SharedOptions["warmup_shape"]

/** From 0 at 0 to 1 at 1 and above. */
const rise = (shape: Shape, at: number): number => {
  const share = Math.min(1, at)
  return shape === "linear" ? share : (1 - Math.cos(Math.PI * share)) / 2
}

/** Steps that a share of a run is; at least one. */
const stepsOf = (share: number, { steps }: Run): number => Math.max(1, Math.round(share * steps))

type RateOptions = Run &
  Pick<SharedOptions, "warmup" | "warmup_from" | "warmup_shape" | "decay" | "decay_to" | "decay_shape"> & {
    readonly lr: number
  }

/**
 * Learning rate of step 1, 2, ..., `steps`: warm-up, constant, decay to its floor after the last step.
 *
 * @param restart steps after which the warm-up begins again, since latents were made anew
 */
export const learningRate = (options: RateOptions, step: number, restart?: number): number => {
  const { warmup_from: from, decay_to: to } = options
  const since = restart === undefined ? step : ((step - 1) % restart) + 1
  const up = from + (1 - from) * rise(options.warmup_shape, since / stepsOf(options.warmup, options))
  const left = (options.steps - step + 1) / stepsOf(options.decay, options)
  const down = to + (1 - to) * rise(options.decay_shape, left)
  return options.lr * Math.min(up, down, 1)
}

/** Weight of the sparsity penalty at step 1, 2, ...: linear warm-up, then constant. */
export const penaltyWeight = (options: Run & PenaltyOptions, step: number): number =>
  options.sparsity_coefficient * Math.min(1, step / stepsOf(options.sparsity_warmup, options))

type ChosenLatents = Run & Pick<ChoiceOptions, "k" | "k_anneal"> & { readonly d_sae: number }

/** k at step 1, 2, ...: from d_in (or all latents, where they are fewer) down to k, rounded down (dl `k_anneal_steps`). */
export const latentsChosen = (options: ChosenLatents, step: number, d_in: number): number => {
  const { k, k_anneal, d_sae } = options
  if (k_anneal === 0) return k
  const first = Math.max(k, Math.min(d_in, d_sae))
  const share = Math.min(1, step / stepsOf(k_anneal, options))
  return Math.floor(first * (1 - share) + k * share)
}
