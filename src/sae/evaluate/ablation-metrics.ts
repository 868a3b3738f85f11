/** The metrics of a model whose activation at a hook is ablated: what `ablate-hook` measures, and `evaluate-sae` against. */
const overContexts = "the contexts"

const loss = (description: string, better: "lower" | "neither") =>
  ({ interval: overContexts, optional: true, better, tolerance: 0.02, description }) as const

export const ablationMetrics = {
  ce_clean: { ...loss("cross-entropy of the model as it is, nats a token", "lower"), tolerance: 0.01 },
  ce_zero: loss("cross-entropy with zeros in place of the activation", "neither"),
  ce_mean: loss("cross-entropy with its mean over held-out tokens in place", "neither"),
  ce_resample: loss("cross-entropy with activations of other held-out tokens in place", "neither"),
  kl_zero: loss("divergence of the model with zeros in place from the model as it is", "neither"),
  kl_mean: loss("the same with the mean in place", "neither"),
  kl_resample: loss("the same with activations of other tokens in place", "neither")
} as const

const recovered = (description: string) =>
  ({ interval: overContexts, optional: true, better: "higher", tolerance: 0.005, description }) as const

export const splicedMetrics = {
  ce_sae: loss("cross-entropy with the reconstruction in place", "lower"),
  ce_recovered: recovered("(CE_zero - CE_sae) / (CE_zero - CE_clean)"),
  ce_recovered_mean: recovered("(CE_mean - CE_sae) / (CE_mean - CE_clean)"),
  ce_recovered_resample: recovered("(CE_resample - CE_sae) / (CE_resample - CE_clean)"),
  kl_sae: loss("with kl: divergence of the model with the reconstruction in place from the model as it is", "lower"),
  kl_recovered: recovered("with kl: 1 - KL_sae / KL_zero"),
  kl_recovered_mean: recovered("with kl: 1 - KL_sae / KL_mean"),
  kl_recovered_resample: recovered("with kl: 1 - KL_sae / KL_resample")
} as const
