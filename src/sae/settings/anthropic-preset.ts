/** What Anthropic's presets of April 2024 and January 2025 have in common: free decoders, rows by their mean norm. */
export const anthropic = {
  decoder_norm: "free",
  decoder_init_norm: 0.1,
  normalize: "mean_norm",
  reconstruction: "sum",
  b_dec_init: "zero",
  apply_b_dec_to_input: false,
  sparsity_coefficient: 5
} as const
