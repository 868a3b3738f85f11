/** What a training run is told: what is trained, and how. */
import type { Params, ParamValues } from "../stage/param.ts"
import type { SaeArchitecture, Settings } from "./architecture.ts"
import type { ArchitectureOptions, ResolvedArchitectureOptions } from "./settings/architecture-options.ts"
import { sharedOptions, type SharedOptions } from "./settings/shared-options.ts"

type Trained = { readonly architecture: SaeArchitecture }

/** `Own`: what the architecture alone has. */
export type TrainingOptions<Own = unknown> = Trained & ArchitectureOptions<Own>

/** The same as a run really uses them. */
export type ResolvedOptions<Own = unknown> = Trained & ResolvedArchitectureOptions<Own>

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
