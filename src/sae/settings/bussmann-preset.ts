/** Preset `bussmann`: bartbussmann/BatchTopK `config.py`, `sae.py`. */
export const bussmann = {
  batch_rows: 4096,
  lr: 3e-4,
  beta1: 0.9,
  beta2: 0.99,
  warmup: 0,
  decay: 0,
  normalize: "layer_norm",
  reconstruction: "mean",
  b_dec_init: "zero",
  aux_coefficient: 1 / 32,
  aux_loss: "mean",
  k_aux: 512,
  dead_after: 5 * 4096
} as const
