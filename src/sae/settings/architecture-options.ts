/** What an architecture is told of a training run: its sizes, the options of all architectures, and its own. */
import type { SharedOptions } from "./shared-options.ts"

export type RunSizes = {
  readonly d_sae: number
  readonly steps: number
  readonly seed: number
  /** Transcoders: whether x W_skip^T is added to the output. */
  readonly skip: boolean
}

/** `Own`: what the architecture alone has. */
export type ArchitectureOptions<Own = unknown> = RunSizes & SharedOptions & Own

/** The same as a run really uses them: nulls that stand for something that follows from the sizes are resolved. */
export type ResolvedArchitectureOptions<Own = unknown> = RunSizes &
  Omit<SharedOptions, "lr" | "dead_after"> & { readonly lr: number; readonly dead_after: number } & Own
