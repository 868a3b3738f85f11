/**
 * What `sae.json` says of a training: the options that the architecture has, resolved, but for what changes no bit of it; and
 * how it went.
 */
import { auxiliaryLatents } from "../settings/choice-options.ts"
import type { TrainedSae } from "./trained-sae.ts"

export const trainingRecord = ({ options, stored, outcome }: TrainedSae) => {
  const { architecture, precision: _, ...settings } = options
  const { k_aux }: Readonly<Record<string, unknown>> = settings
  return {
    ...settings,
    // Null is half as many latents as a row has numbers: the record says how many that is.
    ...(k_aux === null ? { k_aux: auxiliaryLatents({ k_aux }, stored.d_out) } : {}),
    architecture: architecture.name,
    ...outcome
  }
}
