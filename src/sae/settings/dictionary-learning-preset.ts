/**
 * What presets `dictionary_learning` have in common: dictionary_learning 0.1.0, class defaults; batch, warm-up and decay of
 * its demo (244,000 steps of 2048 rows).
 */
const dictionaryLearning = {
  batch_rows: 2048,
  warmup: 1000 / 244_000,
  decay: 0.2,
  normalize: "mean_square",
  reconstruction: "sum",
  dead_after: 10_000_000
} as const

/** Of its trainers with k. */
export const dictionaryLearningChoice = { ...dictionaryLearning, clip: 1, aux_coefficient: 1 / 32 } as const

/** Of its trainers with a penalty. */
export const dictionaryLearningPenalty = { ...dictionaryLearning, sparsity_warmup: 5000 / 244_000 } as const

/** Of those with an L1: its `AutoEncoder` begins with rows of norm 0.1; its first step makes the decoder's unit. */
export const dictionaryLearningL1 = {
  ...dictionaryLearningPenalty,
  lr: 1e-3,
  b_dec_init: "zero",
  encoder_init_norm: 0.1
} as const
