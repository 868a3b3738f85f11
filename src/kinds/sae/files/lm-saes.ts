/** What the two layouts of the SAEs of Language-Model-SAEs (OpenMOSS) share. */
import * as Effect from "effect/Effect"
import type { Floats, StoredSae } from "../stored/stored-sae.ts"
import { transposed } from "../stored/stored-sae.ts"
import { keyNames } from "./config-keys.ts"
import type { TensorFile } from "./tensor-file.ts"

/** Keys of how it was trained and run: nothing of what it computes. */
export const lmSaesTraining: ReadonlyArray<string> = keyNames(`
  top_k k_warmup_steps l1_coefficient l1_coefficient_warmup_steps lp seed device dtype use_ghost_grads tp_size
  ddp_size strict_loading sae_pretrained_name_or_path exp_name exp_result_path exp_result_dir init_decoder_norm
  init_encoder_norm expansion_factor initial_k init_encoder_with_decoder_transpose decoder_exactly_fixed_norm
  use_triton_kernel max_k sparsity_threshold_for_triton_spmm_kernel jumprelu_threshold_window use_batch_norm_mse
  promote_act_fn_dtype total_training_tokens batch_size lr
`)

export interface LinearWeights {
  readonly d_in: number
  readonly d_sae: number
  readonly W_enc: Floats
  readonly b_enc: Floats
  readonly W_dec: Floats
  readonly b_dec: Floats
  readonly dtype: StoredSae["dtype"]
  readonly names: ReadonlyArray<string>
}

/** The weights of two linear layers, in the orientation of `StoredSae`. */
export const readLinear = Effect.fnUntraced(function* (file: TensorFile, d_in: number, d_sae: number, suffix = "") {
  const names = ["weight", "bias"].flatMap((part) => [`encoder${suffix}.${part}`, `decoder${suffix}.${part}`])
  const weights: LinearWeights = {
    d_in,
    d_sae,
    W_enc: transposed(yield* file.floats(`encoder${suffix}.weight`, [d_sae, d_in]), d_sae, d_in),
    b_enc: yield* file.floats(`encoder${suffix}.bias`, [d_sae]),
    W_dec: transposed(yield* file.floats(`decoder${suffix}.weight`, [d_in, d_sae]), d_in, d_sae),
    b_dec: yield* file.floats(`decoder${suffix}.bias`, [d_in]),
    dtype: file.dtype(`encoder${suffix}.weight`),
    names
  }
  return weights
})

/** An autoencoder that was trained on rows times `scale`, for rows as they come. Its latents are to be added. */
export const scaledToRows = (
  { d_in, d_sae, W_enc, W_dec, b_dec, dtype }: LinearWeights,
  scale: number
): Omit<StoredSae, "latents" | "metadata" | "origin"> => ({
  d_in,
  d_out: d_in,
  d_sae,
  transcoder: false,
  W_enc: scale === 1 ? W_enc : W_enc.map((w) => w * scale),
  W_dec: scale === 1 ? W_dec : W_dec.map((w) => w / scale),
  b_dec: scale === 1 ? b_dec : b_dec.map((b) => b / scale),
  apply_b_dec_to_input: false,
  normalize: "none",
  W_skip: undefined,
  // The products are no numbers of that type any more.
  dtype: scale === 1 ? dtype : "float32"
})
