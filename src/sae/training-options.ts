/** What a training run is told: what is trained, and how. */
import type { Params, ParamValues } from "../stage/param.ts"
import type { SaeArchitecture, Settings } from "./architecture.ts"
import { sharedOptions, type SharedOptions } from "./settings/shared-options.ts"

export type TrainingTask = {
  readonly architecture: SaeArchitecture
  readonly d_sae: number
  readonly steps: number
  readonly seed: number
  /** Transcoders: whether x W_skip^T is added to the output. */
  readonly skip: boolean
}

/** `Own`: what the architecture alone has. */
export type TrainingOptions<Own = unknown> = TrainingTask & SharedOptions & Own

/** The same as a run really uses them: nulls that stand for something that follows from the sizes are resolved. */
export type ResolvedOptions<Own = unknown> = TrainingTask &
  Omit<SharedOptions, "lr" | "dead_after"> & { readonly lr: number; readonly dead_after: number } & Own

export const resolveOptions = <Own>(options: TrainingOptions<Own>): ResolvedOptions<Own> => ({
  ...options,
  lr: options.lr ?? 2e-4 / Math.sqrt(options.d_sae / 2 ** 14),
  dead_after:
    options.dead_after ??
    Math.min(1e7, Math.max(options.batch_rows, Math.floor((options.steps * options.batch_rows) / 50)))
})

export const defaultsOf = <P extends Params>(params: P): Partial<ParamValues<P>> =>
  Object.fromEntries(
    Object.entries(params).flatMap(([name, param]) => (param.default === undefined ? [] : [[name, param.default]]))
  ) as Partial<ParamValues<P>>

/** All options of an architecture that have a default, where no preset is named. */
export const defaultsFor = <Own extends Params>({ options, defaults }: SaeArchitecture<Own>) =>
  ({ ...defaultsOf(sharedOptions), ...defaultsOf(options), ...defaults, skip: false }) as SharedOptions &
    Settings<ParamValues<Own>> & { readonly skip: boolean }
