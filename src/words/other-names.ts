/**
 * What other libraries call the parameters of ours, and their values (SAELens's and dictionary_learning's training options, OpenAI's and
 * Goodfire's configurations, PyTorch's optimizers): for suggestions, where spelling does not lead there.
 */
const ours: Readonly<Record<string, string>> = {
  learning_rate: "lr",
  rate: "lr",
  l1_coefficient: "sparsity_coefficient",
  l1_penalty: "sparsity_coefficient",
  l0_coefficient: "sparsity_coefficient",
  sparsity_penalty: "sparsity_coefficient",
  lambda: "sparsity_coefficient",
  batch_size: "batch_rows",
  train_batch_size_tokens: "batch_rows",
  bs: "batch_rows",
  num_steps: "steps",
  n_steps: "steps",
  max_steps: "steps",
  training_steps: "steps",
  iterations: "steps",
  warmup_steps: "warmup",
  lr_warm_up_steps: "warmup",
  decay_steps: "decay",
  lr_decay_steps: "decay",
  decay_start: "decay",
  width: "d_sae",
  dict_size: "d_sae",
  d_dict: "d_sae",
  d_hidden: "d_sae",
  hidden_dim: "d_sae",
  n_latents: "d_sae",
  num_latents: "d_sae",
  n_features: "d_sae",
  top_k: "k",
  topk: "k",
  num_active: "k",
  adam_beta1: "beta1",
  adam_beta2: "beta2",
  adam_epsilon: "eps",
  epsilon: "eps",
  grad_clip: "clip",
  max_grad_norm: "clip",
  ema_decay: "ema",
  auxk: "k_aux",
  auxk_alpha: "aux_coefficient",
  aux_loss_coefficient: "aux_coefficient",
  random_seed: "seed",
  hook_point: "hook",
  hook_name: "hook",
  layer: "hook",
  n_tokens: "tokens",
  num_tokens: "tokens",
  training_tokens: "tokens",
  context_length: "context_size",
  ctx_len: "context_size",
  seq_len: "context_size",
  max_length: "context_size",
  dataset: "source",
  path: "source",
  file: "source",
  model_name: "model",
  bf16: "bfloat16",
  fp32: "float32",
  f32: "float32"
}

/** Our name for a parameter that others call `word`, if it is among the candidates. */
export const ourName = (word: string, candidates: ReadonlyArray<string>): string | undefined => {
  const plain = word.toLowerCase().replaceAll("-", "_")
  const name = Object.hasOwn(ours, plain) ? ours[plain] : undefined
  return name !== undefined && candidates.includes(name) ? name : undefined
}
