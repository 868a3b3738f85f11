/** Training options from what a user gives: null for everything that is left to the preset or the defaults. */
import { type PresetName, resolveSettings, type Settings } from "./presets.ts"
import { type ArchitectureName, type TrainingOptions, usesK } from "./training-options.ts"

export type TrainingRequest = {
  readonly architecture: ArchitectureName
  readonly preset: PresetName | "none"
  readonly d_sae: number
  readonly k: number | null
  readonly steps: number
  readonly seed: number
} & { readonly [K in keyof Settings]?: Settings[K] | null | undefined }

/** The options, or the reason why preset and architecture do not go together. */
export const trainingRequest = (request: TrainingRequest): TrainingOptions | string => {
  const { architecture, preset, d_sae, k, steps, seed, ...given } = request
  // An SAE with a target for its L0 takes k for it, so that one parameter means the same for all.
  const wanted = architecture === "jumprelu" ? { target_l0: k, ...dropNulls(given) } : given
  const settings = resolveSettings(architecture, preset === "none" ? null : preset, wanted)
  if (typeof settings === "string") return settings
  return { ...settings, architecture, d_sae, k: usesK(architecture) ? k : null, steps, seed }
}

const dropNulls = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as Partial<T>
