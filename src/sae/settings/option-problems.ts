/** What is wrong with training options, each with the option that it is about. */
import { type TrainingOptions, usesK } from "./training-options.ts"

export interface OptionProblem {
  readonly param: keyof TrainingOptions
  readonly message: string
}

/** @param what what is trained with them */
export const optionProblems = (
  options: TrainingOptions,
  what: "autoencoder" | "transcoder" | "crosscoder" = "autoencoder"
): ReadonlyArray<OptionProblem> => {
  const { architecture, k, d_sae, groups } = options
  const problems: Array<OptionProblem> = []
  const wrong = (param: keyof TrainingOptions, message: string) => problems.push({ param, message })
  if (usesK(architecture)) {
    if (k === null) wrong("k", `k is missing: ${architecture} needs the number of active latents`)
    else if (k > d_sae) wrong("k", `k is ${k}, more than the ${d_sae} latents of d_sae; lower k or raise d_sae`)
    if (options.decoder_norm === "free") {
      wrong("decoder_norm", `decoder_norm is free, but ${architecture} chooses by activations of unit decoder rows`)
    }
  } else if (!(options.sparsity_coefficient > 0)) {
    wrong("sparsity_coefficient", `sparsity_coefficient is missing: ${architecture} is sparse by its penalty alone`)
  }
  if (options.precision === "bf16-candidates" && (!usesK(architecture) || options.multi_topk)) {
    const chooser = options.multi_topk ? "multi_topk" : architecture
    wrong("precision", `precision bf16-candidates is for choosing the k largest, which ${chooser} does not do alone`)
  }
  if (options.multi_topk && what === "crosscoder") {
    wrong("multi_topk", "multi_topk is not for a crosscoder, which weighs what it chooses by")
  }
  if (options.multi_topk && architecture !== "topk")
    wrong("multi_topk", `multi_topk is for topk, not for ${architecture}`)
  if (options.resample_every !== null && architecture !== "standard") {
    wrong("resample_every", `resample_every is for the standard architecture, not for ${architecture}`)
  }
  if (architecture === "matryoshka_batch_topk") {
    const sum = groups.reduce((total, share) => total + share, 0)
    if (groups.length === 0 || groups.some((share) => !(share > 0)) || Math.abs(sum - 1) > 1e-6) {
      wrong("groups", `groups are shares of the latents that add up to 1, not ${groups.join(" + ")} = ${sum}`)
    } else if (groups.some((share) => Math.floor(share * d_sae) < 1)) {
      wrong("groups", `groups: a share of ${Math.min(...groups)} of ${d_sae} latents is none`)
    }
  }
  if (what !== "transcoder" && options.skip) wrong("skip", "skip is for transcoders: it needs a target")
  if (what !== "autoencoder") {
    if (options.tied) wrong("tied", `tied weights are for autoencoders, not for a ${what}`)
    if (options.resample_every !== null)
      wrong("resample_every", `resample_every is for autoencoders, not for a ${what}`)
    if (options.normalize === "layer_norm") {
      wrong("normalize", `layer_norm would have to be undone in use, which a ${what} cannot`)
    }
  }
  if (options.tied && options.decoder_norm === "free") wrong("tied", "tied weights need decoder_norm unit")
  return problems
}
