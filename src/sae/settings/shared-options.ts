/**
 * Options of a training run that every architecture has, with their defaults. dl: the dictionary_learning library; Gao:
 * Gao et al. 2024, arXiv 2406.04093. What only one architecture has stands in its file, what a few share beside this one.
 */
import * as Param from "../../stage/param.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"

export const sharedOptions = {
  batch_rows: Param.integer({ default: 1024, minimum: 1, description: "rows a step", unit: "rows" }),
  // dl; Gao's lr ~ 1 / sqrt(d_sae).
  lr: Param.number({
    default: null,
    minimum: 0,
    description: "peak learning rate of Adam; null: 2e-4 / sqrt(d_sae / 2^14)"
  }),
  warmup: Param.number({
    default: 0.05,
    minimum: 0,
    maximum: 1,
    description: "share of the steps over which the learning rate rises"
  }),
  // Gemma Scope: 0.1.
  warmup_from: Param.number({
    default: 0,
    minimum: 0,
    maximum: 1,
    description: "share of the peak that it rises from"
  }),
  warmup_shape: Param.choice(["linear", "cosine"], { default: "linear", description: "how it rises" }),
  // dl: 0.2.
  decay: Param.number({
    default: 0.2,
    minimum: 0,
    maximum: 1,
    description: "share of the steps, at the end, over which it falls"
  }),
  decay_to: Param.number({
    default: 0,
    minimum: 0,
    maximum: 1,
    description: "share of the peak that it falls to, reached after the last step"
  }),
  decay_shape: Param.choice(["linear", "cosine"], { default: "linear", description: "how it falls" }),
  beta1: Param.number({ default: 0.9, minimum: 0, maximum: 0.9999, description: "Adam's beta1" }),
  beta2: Param.number({ default: 0.999, minimum: 0, maximum: 0.9999, description: "Adam's beta2" }),
  eps: Param.number({ default: 1e-8, minimum: 1e-30, description: "Adam's eps" }),
  clip: Param.number({
    default: null,
    minimum: 0,
    description: "largest norm of the gradient of all parameters together; null: no limit"
  }),
  // OpenAI: 0.999.
  ema: Param.number({
    default: null,
    minimum: 0.000_001,
    maximum: 0.999_999,
    description: "decay of a moving average of the weights over the steps, which is saved in their place; null: none"
  }),
  precision: Param.choice(["auto", "f32", "bf16", "int16", "int8"], {
    default: "auto",
    description:
      "what finds the latents that may be active, whose values are then computed in f32: it changes the speed and no bit of the " +
      "result; auto: the fastest that the CPU has",
    inKey: false
  }),
  dtype: Param.choice(["float32", "bfloat16"], {
    default: "float32",
    description: "what the saved numbers are rounded to; training is in f32 throughout"
  }),
  // mean_square: dl, Gemma Scope; mean_norm: Anthropic, SAELens `expected_average_only_in`; layer_norm: OpenAI, Bussmann.
  normalize: Param.choice(["mean_square", "mean_norm", "layer_norm", "none"], {
    default: "mean_square",
    description:
      "what rows are divided by in training: sqrt(mean |x|^2), or mean |x| / sqrt(d_in); the saved weights take rows as " +
      "they are. layer_norm: every row to mean 0 and deviation 1, in use too"
  }),
  reconstruction: Param.choice(["fraction_of_variance", "sum", "mean"], {
    default: "fraction_of_variance",
    description: "scale of the reconstruction loss: by the rows' variance, summed or averaged over the numbers of a row"
  }),
  b_dec_init: Param.choice(["median", "zero", "none"], {
    default: "median",
    description: "first b_dec: the geometric median of the rows, zero, or none at all"
  }),
  apply_b_dec_to_input: Param.boolean({
    default: true,
    description: "whether b_dec is subtracted from the encoder's input"
  }),
  decoder_norm: Param.choice(["unit", "free"], {
    default: "unit",
    description: "unit: decoder rows keep norm one; free: the penalty, or the choice of k, weighs by their norms"
  }),
  decoder_init_norm: Param.number({
    default: 1,
    minimum: 1e-9,
    description: "norm of the first decoder rows, where it is free; the encoder starts as their transpose"
  }),
  encoder_init_norm: Param.number({
    default: null,
    minimum: 1e-9,
    description: "norm of the first encoder rows; null: that of the decoder's"
  }),
  tied: Param.boolean({ default: false, description: "the encoder stays the decoder's transpose" }),
  // Korznikov et al. 2026, arXiv 2602.14111: such SAEs come close to trained ones on common benchmarks.
  freeze: Param.choice(["none", "decoder", "encoder"], {
    default: "none",
    description: "a control: the weights of one side stay as they were drawn, and only the rest learns to use them"
  }),
  // 10^7 is Gao's; of dl's runs of 5 * 10^8 rows it is a fiftieth.
  dead_after: Param.integer({
    default: null,
    minimum: 1,
    description: "rows without firing after which a latent is dead; null: 10^7, at most a fiftieth of all",
    unit: "rows"
  })
}

export type SharedOptions = Param.ParamValues<typeof sharedOptions>

/** What a transcoder has besides: whether x W_skip^T is added to the output (sparsify; Paulo et al. 2025, arXiv 2501.18823). */
export const skipOption = Param.boolean({
  default: false,
  description: "add a linear skip connection from input to output"
})

type Checked = Pick<SharedOptions, "tied" | "decoder_norm" | "normalize" | "freeze"> & { readonly skip: boolean }

/** @param task what is trained with them */
export const sharedProblems = (
  { tied, decoder_norm, normalize, freeze, skip }: Checked,
  task: "autoencoder" | "transcoder" | "crosscoder"
): ReadonlyArray<ParamProblem> => {
  const problems: Array<ParamProblem> = []
  const wrong = (param: string, problem: string) => problems.push({ param, problem })
  if (task !== "transcoder" && skip) wrong("skip", "skip is for transcoders: it needs a target")
  if (task !== "autoencoder") {
    if (tied) wrong("tied", `tied weights are for autoencoders, not for a ${task}`)
    if (normalize === "layer_norm") {
      wrong("normalize", `layer_norm would have to be undone in use, which a ${task} cannot`)
    }
  }
  if (tied && freeze !== "none") wrong("freeze", "tied weights are encoder and decoder at once: one side cannot stay")
  if (tied && decoder_norm === "free") wrong("tied", "tied weights need decoder_norm unit")
  return problems
}
