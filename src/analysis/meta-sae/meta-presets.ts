/**
 * Settings of meta-SAEs by where they are from.
 *
 * none: short runs on a CPU. short: a quarter of its epochs at four times its rate, for thousands of latents; it explains less (figures
 * stand in `bench/README.md`), so that it is no default, and is compared with itself alone. meta_structure: SAEBench 0.6.0 (`evals/meta_structure`): a quarter of the latents, 1,500 steps of
 * 1,024 rows drawn with replacement, as SAELens trains BatchTopK (free decoder, latents chosen by activations times its norms); a
 * meta-latent would be dead after 2,000 steps, so nothing revives one; measured with the latents that training would choose
 * in batches of 4,096, not by a threshold. leask: Leask et al. 2502.04878
 * (GPT-2 small, 49,152 latents, 2,304 meta-latents, 2,000 epochs of batches of 4,096, Adam 1e-4: 55.47 % of the decoder's
 * variance); the share of meta-latents is that of the paper.
 */
import { saelensChoice } from "../../sae/settings/saelens-preset.ts"
import { metaSteps } from "./meta-steps.ts"

export const metaPresetNames = ["none", "short", "meta_structure", "leask"] as const
export type MetaPresetName = (typeof metaPresetNames)[number]

interface Given {
  readonly preset: MetaPresetName
  readonly k: number
  readonly d_sae: number | null
  readonly steps: number | null
  readonly batch_rows: number | null
  readonly lr: number | null
}

/** Each row once an epoch; measured by the threshold, as the meta-SAE is used. */
const usual = { training: {}, with_replacement: false, chosen_among: null } as const

const epochSteps = (rows: number, batch_rows: number): number => Math.ceil(rows / Math.min(batch_rows, rows))

/** What is given over the preset. @param base latents of the SAE that is decomposed */
export const metaSettings = (given: Given, base: number) => {
  const preset = {
    none: { d_sae: Math.floor(base / 4), batch_rows: 512, lr: 2e-3, ...usual },
    short: {
      d_sae: Math.floor(base / 4),
      batch_rows: 512,
      lr: 8e-3,
      ...usual,
      // The last fifth takes the noise of the rate out. A meta-latent is dead after two epochs, as where there are more of them.
      training: { decay: 0.2, dead_after: 2 * base, k_aux: 32 }
    },
    meta_structure: {
      d_sae: Math.max(Math.ceil(base / 4), given.k),
      batch_rows: 1024,
      lr: 5e-4,
      training: { ...saelensChoice, aux_coefficient: 0 },
      with_replacement: true,
      chosen_among: 4096
    },
    leask: { d_sae: Math.round((base * 2304) / 49_152), batch_rows: 4096, lr: 1e-4, ...usual }
  }[given.preset]
  const batch_rows = given.batch_rows ?? preset.batch_rows
  const steps = {
    none: metaSteps(null, base, batch_rows),
    short: 25 * epochSteps(base, batch_rows),
    meta_structure: 1500,
    leask: 2000 * epochSteps(base, batch_rows)
  }[given.preset]
  return {
    d_sae: given.d_sae ?? preset.d_sae,
    steps: given.steps ?? steps,
    batch_rows,
    lr: given.lr ?? preset.lr,
    /** Options of BatchTopK that differ from its defaults. */
    training: preset.training,
    with_replacement: preset.with_replacement,
    chosen_among: preset.chosen_among
  }
}
