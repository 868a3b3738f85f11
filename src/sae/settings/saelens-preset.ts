/** What presets `saelens` have in common: SAELens 6.54, class defaults. */
export const saelensShared = {
  batch_rows: 4096,
  lr: 3e-4,
  warmup: 0,
  decay: 0,
  clip: 1,
  normalize: "none",
  reconstruction: "sum",
  b_dec_init: "zero",
  dead_after: 1000 * 4096
} as const

const freeDecoder = { decoder_norm: "free", decoder_init_norm: 0.1 } as const

/** Latents are chosen by their activations times the norms of their decoder rows (`rescale_acts_by_decoder_norm`). */
export const saelensChoice = { ...saelensShared, ...freeDecoder, aux_coefficient: 1, aux_loss: "scaled_sum" } as const

/** Of its architectures with a penalty. */
export const saelensPenalty = { ...saelensShared, ...freeDecoder, sparsity_warmup: 0 } as const
