/**
 * Keys of SAELens's `cfg.json`: what its classes read, and what the runners of its versions wrote beside that. Source: the
 * dataclasses of SAELens 6.54.12 (`saes/*.py`, `config.py`) and of versions 0.2 to 5.
 */
import { type ConfigKeys, keyNames } from "./config-keys.ts"
import { metadataKeys } from "./saelens-legacy.ts"

const base = [
  "architecture",
  "d_in",
  "d_sae",
  "apply_b_dec_to_input",
  "normalize_activations",
  "reshape_activations",
  "metadata",
  "finetuning_scaling_factor"
]

/** How and where it was saved. */
const saving = ["dtype", "device", "sae_lens_version", "sae_lens_training_version"]

/** Options of training, which its `to_dict` writes beside those of use. */
const training = keyNames(`
  l1_coefficient lp_norm l1_warm_up_steps l0_coefficient l0_warm_up_steps decoder_init_norm jumprelu_init_threshold
  jumprelu_bandwidth jumprelu_sparsity_loss_mode pre_act_loss_coefficient jumprelu_tanh_scale jumprelu_ste_to_input
  target_l0 use_sparse_activations aux_loss_coefficient topk_threshold_lr matryoshka_widths noise_factor noise_scale
  mse_loss_normalization b_dec_init_method normalize_sae_decoder scale_sparsity_penalty_by_decoder_norm
  init_encoder_as_decoder_transpose decoder_heuristic_init decoder_heuristic_init_norm decoder_orthogonal_init
  expansion_factor use_ghost_grads feature_sampling_window feature_sampling_method feature_reinit_scale
  resample_batches dead_feature_window dead_feature_estimation_method dead_feature_threshold lr lr_end
  lr_scheduler_name lr_warm_up_steps lr_decay_steps n_restart_cycles adam_beta1 adam_beta2 train_batch_size
  train_batch_size_tokens training_tokens total_training_tokens total_training_steps finetuning_tokens
  finetuning_method seed autocast autocast_lm compile_llm llm_compilation_mode compile_sae sae_compilation_mode
  from_pretrained_path weight_l1_by_decoder_norms use_cached_activations cached_activations_path
`)

/** Its data, its model, and where its figures went. */
const running = keyNames(`
  hook_point_layer hook_layer hook_layer_out hook_eval hook_point_eval hook_point_head_index dataset_trust_remote_code
  streaming is_dataset_tokenized use_chat_formatting n_batches_in_buffer store_batch_size store_batch_size_prompts
  tokens_per_buffer disable_concat_sequences sequence_separator_token activations_mixing_fraction llm_device
  act_store_device prefetch_llm_batches n_eval_batches eval_batch_size_prompts n_eval_seqs logger n_checkpoints
  checkpoint_path output_path save_final_checkpoint resume resume_from_checkpoint verbose model_kwargs
  n_batches_for_norm_estimate evaluate_every_n_wandb_logs eval_every_n_wandb_logs log_to_wandb wandb_project
  wandb_entity wandb_id wandb_log_frequency run_name log_activations_store_to_wandb log_optimizer_state_to_wandb
  log_weights_to_wandb wandb_group shuffle total_tokens training_seqs
`)

/** Of a standard SAE these say nothing; of others they are among what is read. */
const ofOthers = {
  k: [null],
  rescale_acts_by_decoder_norm: [false],
  activation_fn: ["relu"]
}

/** @param own keys that only the type of latents has */
export const saeLensKeys = (own: ReadonlyArray<string>, transcoder: boolean, legacy: boolean): ConfigKeys => ({
  read: [...base, ...own, ...saving, ...(transcoder ? ["d_out"] : []), ...(legacy ? metadataKeys : [])],
  harmless: [...training, ...running, ...(legacy ? [] : metadataKeys)],
  only: Object.fromEntries(Object.entries(ofOthers).filter(([key]) => !own.includes(key)))
})
