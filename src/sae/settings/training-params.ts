/** Parameters of the stage kinds that train: null leaves one to the preset or to the architecture's default. */
import * as Param from "../../stage/param.ts"
import { presetNames, type Settings } from "./presets.ts"
import { architectureNames, trainingDefaults } from "./training-options.ts"

/** A description that ends in what null means: the preset's value, or this one. */
const orPreset = (description: string, name: keyof Settings & keyof typeof trainingDefaults): string =>
  `${description}; null: the preset's, or ${String(trainingDefaults[name] ?? "what follows from the sizes")}`

export const trainingParams = {
  architecture: Param.choice(architectureNames, {
    default: "batch_topk",
    description:
      "topk: k latents on every row; batch_topk: k on average, and a threshold in use; matryoshka_batch_topk: the same " +
      "with nested prefixes; standard: L1; p_anneal: L1 turning into L0; jumprelu: trained thresholds; gated"
  }),
  preset: Param.choice(["none", ...presetNames], {
    default: "none",
    description: "published settings for the architecture; parameters that are given go before it"
  }),
  d_sae: Param.integer({ minimum: 1, description: "latents in the dictionary", unit: "latents" }),
  k: Param.integer({
    default: null,
    minimum: 1,
    description: "active latents a row: of topk, batch_topk and matryoshka_batch_topk; jumprelu's target_l0",
    unit: "latents"
  }),
  steps: Param.integer({ default: 1500, minimum: 1, description: "training steps", unit: "steps" }),
  batch_rows: Param.integer({
    default: null,
    minimum: 1,
    description: orPreset("rows a step", "batch_rows"),
    unit: "rows"
  }),
  seed: Param.integer({ default: 0, description: "seed of first weights and of the order of rows" }),
  lr: Param.number({
    default: null,
    minimum: 0,
    description: "peak learning rate of Adam; null: the preset's, or 2e-4 / sqrt(d_sae / 2^14)"
  }),
  warmup: Param.number({
    default: null,
    minimum: 0,
    maximum: 1,
    description: orPreset("share of the steps over which the learning rate rises from 0", "warmup")
  }),
  decay: Param.number({
    default: null,
    minimum: 0,
    maximum: 1,
    description: orPreset("share of the steps, at the end, over which it falls to 0", "decay")
  }),
  beta1: Param.number({ default: null, minimum: 0, maximum: 0.9999, description: orPreset("Adam's beta1", "beta1") }),
  beta2: Param.number({ default: null, minimum: 0, maximum: 0.9999, description: orPreset("Adam's beta2", "beta2") }),
  warmup_shape: Param.choice(["linear", "cosine"], {
    default: null,
    description: orPreset("how it rises", "warmup_shape")
  }),
  decay_shape: Param.choice(["linear", "cosine"], {
    default: null,
    description: orPreset("how it falls", "decay_shape")
  }),
  decay_to: Param.number({
    default: null,
    minimum: 0,
    maximum: 1,
    description: orPreset("share of the peak that it falls to", "decay_to")
  }),
  clip: Param.number({
    default: null,
    minimum: 0,
    description: "largest norm of the gradient of all parameters together; null: the preset's, or no limit"
  }),
  ema: Param.number({
    default: null,
    minimum: 0.000_001,
    maximum: 0.999_999,
    description:
      "decay of a moving average of the weights over the steps, which is saved in their place; null: the preset's, or none"
  }),
  precision: Param.choice(["auto", "f32", "bf16-candidates"], {
    default: null,
    description:
      "how latents are chosen by architectures with k: f32, or candidates by a bfloat16 product that get exact f32 values; " +
      "auto: the latter where the CPU multiplies bfloat16 by itself and candidates hardly ever fail; null: auto"
  }),
  dtype: Param.choice(["float32", "bfloat16"], {
    default: null,
    description: orPreset("what the saved numbers are rounded to; training is in f32 throughout", "dtype")
  }),
  normalize: Param.choice(["mean_square", "mean_norm", "layer_norm", "none"], {
    default: null,
    description: orPreset(
      "what rows are divided by in training: sqrt(mean |x|^2), or mean |x| / sqrt(d_in); the saved weights take rows as " +
        "they are. layer_norm: every row to mean 0 and deviation 1, in use too",
      "normalize"
    )
  }),
  reconstruction: Param.choice(["fraction_of_variance", "sum", "mean"], {
    default: null,
    description: "scale of the reconstruction loss: by the rows' variance, summed or averaged over the numbers of a row"
  }),
  b_dec_init: Param.choice(["median", "zero", "none"], {
    default: null,
    description: orPreset("first b_dec: the geometric median of the rows, zero, or none at all", "b_dec_init")
  }),
  decoder_norm: Param.choice(["unit", "free"], {
    default: null,
    description: orPreset("unit: decoder rows keep norm one; free: the penalty weighs by their norms", "decoder_norm")
  }),
  decoder_init_norm: Param.number({
    default: null,
    minimum: 1e-9,
    description: orPreset("norm of the first decoder rows, where it is free", "decoder_init_norm")
  }),
  encoder_init_norm: Param.number({
    default: null,
    minimum: 1e-9,
    description: "norm of the first encoder rows; null: the preset's, or that of the decoder's"
  }),
  tied: Param.boolean({ default: null, description: orPreset("the encoder is the decoder's transpose", "tied") }),
  sparsity_coefficient: Param.number({
    default: null,
    minimum: 0,
    description:
      "weight of the sparsity penalty of standard, p_anneal, jumprelu and gated; null: the preset's, or a default"
  }),
  sparsity_warmup: Param.number({
    default: null,
    minimum: 0,
    maximum: 1,
    description: orPreset("share of the steps over which that weight rises from 0", "sparsity_warmup")
  }),
  k_anneal: Param.number({
    default: null,
    minimum: 0,
    maximum: 1,
    description: orPreset("share of the steps over which k falls from d_in to its value", "k_anneal")
  }),
  multi_topk: Param.boolean({
    default: null,
    description: orPreset("topk: add an eighth of the loss with the 4 k largest", "multi_topk")
  }),
  aux_loss: Param.choice(["fraction", "scaled_sum", "mean", "ghost"], {
    default: null,
    description: orPreset(
      "what revives dead latents: AuxK, by the residual's variance, as a sum or a mean; or ghost gradients",
      "aux_loss"
    )
  }),
  aux_coefficient: Param.number({
    default: null,
    minimum: 0,
    description: `${orPreset("weight of the auxiliary loss that revives dead latents; 0: none", "aux_coefficient")}, 1 for ghost`
  }),
  k_aux: Param.integer({
    default: null,
    minimum: 1,
    description: "dead latents that reconstruct the residual of a row; null: the preset's, or d_in / 2"
  }),
  dead_after: Param.integer({
    default: null,
    minimum: 1,
    description:
      "a latent is dead after so many rows without firing; null: the preset's, or 10^7, at most a fiftieth of all",
    unit: "rows"
  }),
  groups: Param.list(Param.number({ description: "a share", minimum: 0, maximum: 1 }), {
    default: null,
    description: "matryoshka: shares of the latents that the groups hold; null: 1/32, 1/16, 1/8, 1/4 and the rest"
  }),
  threshold_init: Param.number({
    default: null,
    minimum: 0,
    description: orPreset("jumprelu: first threshold", "threshold_init")
  }),
  bandwidth: Param.number({
    default: null,
    minimum: 1e-9,
    description: orPreset("jumprelu: width of the estimators' window", "bandwidth")
  }),
  l0_loss: Param.choice(["step", "target", "quadratic", "tanh"], {
    default: null,
    description: "jumprelu: what is penalised: L0, its distance from target_l0 (two ways), or a smooth L0; null: target"
  }),
  target_l0: Param.number({
    default: null,
    minimum: 1e-6,
    description: "jumprelu: wanted latents a row; null: k, or the preset's, or 20"
  }),
  resample_every: Param.integer({
    default: null,
    minimum: 2,
    description: "standard: steps between two rounds of making dead latents anew; null: the preset's, or never",
    unit: "steps"
  })
}

/** Headline metrics of the same stage kinds. */
export const trainingMetrics = {
  explained_variance: {
    better: "higher",
    tolerance: 0.01,
    description: "on training batches, at the end of training (see evaluate-sae for held-out rows)"
  },
  l0: { better: "lower", tolerance: 0.5, description: "active latents a row, at the end of training" },
  loss: { better: "lower", tolerance: 0.01, description: "training loss, at the end of training" },
  dead_fraction: { better: "lower", tolerance: 0.02, description: "share of latents that count as dead at the end" }
} as const
