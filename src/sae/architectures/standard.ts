/**
 * The standard SAE: f = relu(z) with an L1 penalty, lambda mean_rows sum_j f_j, of decoder rows of norm one (Bricken et
 * al. 2023, "Towards Monosemanticity"), or lambda mean_rows sum_j f_j |w_j| of free ones (Anthropic, April 2024 update).
 */
import * as Param from "../../stage/param.ts"
import type { SaeArchitecture } from "../architecture.ts"
import { anthropic } from "../settings/anthropic-preset.ts"
import { dictionaryLearningL1 } from "../settings/dictionary-learning-preset.ts"
import { penaltyOptions, penaltyProblems } from "../settings/penalty-options.ts"
import { saelensPenalty } from "../settings/saelens-preset.ts"
import { penaltyWeight } from "../settings/schedules.ts"

const options = {
  ...penaltyOptions,
  resample_every: Param.integer({
    default: null,
    minimum: 2,
    description: "steps between two rounds of making dead latents anew from badly reconstructed rows; null: never",
    unit: "steps"
  }),
  // 1: dictionary_learning; 4: the square of the squared error, Towards Monosemanticity.
  resample_power: Param.number({
    default: 1,
    minimum: 0,
    description: "power of a row's error that it is drawn with for that"
  })
}

const standard: SaeArchitecture<typeof options> = {
  name: "standard",
  summary: "L1",
  options,
  defaults: { reconstruction: "sum", sparsity_coefficient: 0.05 },
  presets: {
    // Cunningham et al. 2023, arXiv 2309.08600: tied, unit rows, no decoder bias; L1 of 1e-3 in its section 4.
    cunningham: {
      tied: true,
      b_dec_init: "none",
      apply_b_dec_to_input: false,
      normalize: "none",
      reconstruction: "mean",
      batch_rows: 2048,
      lr: 1e-3,
      warmup: 0,
      decay: 0,
      sparsity_coefficient: 1e-3,
      sparsity_warmup: 0
    },
    dictionary_learning: { ...dictionaryLearningL1, sparsity_coefficient: 0.1 },
    saelens: { ...saelensPenalty, sparsity_coefficient: 1 },
    // Bricken et al. 2023: the L1 weight differs from SAE to SAE and has to be given.
    towards_monosemanticity: {
      batch_rows: 8192,
      lr: 1e-3,
      warmup: 0,
      decay: 0,
      normalize: "none",
      reconstruction: "sum",
      b_dec_init: "median",
      resample_every: 25_000,
      resample_power: 4
    },
    anthropic_april_2024: {
      ...anthropic,
      lr: 5e-5,
      warmup: 0,
      decay: 0.2,
      clip: 1,
      sparsity_warmup: 0.05
    }
  },
  problems: (asked, task) => [
    ...penaltyProblems("standard", asked),
    ...(task === "autoencoder" || asked.resample_every === null
      ? []
      : [{ param: "resample_every", problem: `resample_every is for autoencoders, not for a ${task}` }])
  ],
  sparseBy: "penalty",
  endToEnd: ["sparsity_coefficient"],
  resampling: ({ resample_every: every, resample_power: power }) => (every === null ? undefined : { every, power }),
  latentType: "relu",
  latents: ({ b_enc }) => ({ type: "relu", b_enc }),
  load: async () => {
    const { reluLoss } = await import("../loss/relu-loss.ts")
    const l1 = { value: (f: number) => f, slope: () => 1 }
    return { loss: (batch) => reluLoss(batch, l1, penaltyWeight(batch.options, batch.step)) }
  }
}

export default standard
