/** What a training run is told: what is trained, and how. */
import type { Architecture } from "./architecture.ts"
import type { SharedOptions } from "./settings/shared-options.ts"

export interface RunOptions {
  readonly architecture: Architecture
  readonly d_sae: number
  readonly steps: number
  readonly seed: number
  /** Transcoders: whether x W_skip^T is added to the output. */
  readonly skip: boolean
}

/** `Own`: what the architecture alone has. */
export type TrainingOptions<Own = unknown> = RunOptions & SharedOptions & Own

/** The same as a run really uses them: nulls that stand for something that follows from the sizes are resolved. */
export type ResolvedOptions<Own = unknown> = RunOptions &
  Omit<SharedOptions, "lr" | "dead_after"> & { readonly lr: number; readonly dead_after: number } & Own

export const resolveOptions = <Own>(options: TrainingOptions<Own>): ResolvedOptions<Own> => ({
  ...options,
  lr: options.lr ?? 2e-4 / Math.sqrt(options.d_sae / 2 ** 14),
  dead_after:
    options.dead_after ??
    Math.min(1e7, Math.max(options.batch_rows, Math.floor((options.steps * options.batch_rows) / 50)))
})
