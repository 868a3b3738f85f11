/**
 * Refuses what a config.json says that nobody here knows: an unknown key may change what the model computes, and a wrong
 * number is worse than none. A key is known if the architecture reads it, if it has nothing to do with the mathematics of a
 * forward pass, or if it has the one value that leaves it as it is.
 *
 * Source: Hugging Face's `PreTrainedConfig` (4.0 to 5.24) and `GenerationConfig`, the fields of the families' configurations that
 * their models do not use, and keys that published checkpoints carry.
 */
import * as Effect from "effect/Effect"
import { suggest } from "../../words/did-you-mean.ts"
import type { ModelConfig } from "./architecture.ts"
import { ModelError } from "./model-error.ts"

/** Names, files, types of numbers, tokens; what generation, training and classification do. */
const harmless: ReadonlySet<string> = new Set(
  `
  architectures auto_map model_type transformers_version transformers_weights dtype torch_dtype name_or_path tokenizer_class
  use_cache use_bfloat16 output_attentions output_hidden_states return_dict torchscript tf_legacy_loss chunk_size_feed_forward
  tie_encoder_decoder tie_last_hidden_states gradient_checkpointing pretraining_tp is_decoder cache_implementation
  finetuning_task id2label label2id num_labels problem_type task_specific_params prefix
  max_length min_length max_new_tokens min_new_tokens do_sample early_stopping num_beams num_beam_groups diversity_penalty
  temperature top_k top_p min_p typical_p epsilon_cutoff eta_cutoff repetition_penalty length_penalty no_repeat_ngram_size
  encoder_no_repeat_ngram_size bad_words_ids num_return_sequences output_scores return_dict_in_generate remove_invalid_values
  exponential_decay_length_penalty suppress_tokens begin_suppress_tokens guidance_scale penalty_alpha renormalize_logits
  initializer_range initializer_factor initializer_std init_std init_method init_device layerdrop
  output_router_logits router_aux_loss_coef router_jitter_noise router_z_loss_coef aux_loss_alpha
  reorder_and_upcast_attn n_ctx model_max_length max_sequence_length tokenizer_model_max_length
  ignore_keys_at_rope_validation custom_pipelines initial_context_length spatial_merge_size mamba_ssm_dtype is_llama_config rotary_scaling_factor transformers.js_config language license
  `
    .trim()
    .split(/\s+/)
)

const harmlessKinds: ReadonlyArray<RegExp> = [
  // Private to the library that wrote it.
  /^_/,
  /dropout|pdrop|dropout_prob/,
  /_token(_id|_ids|_index|s)?$/,
  /^summary_/,
  /flash_attn|flash_attention|attn_implementation|experts_implementation/,
  /^unsloth_/,
  // Layers that guess further tokens: they come after the model.
  /^mtp_/,
  /^num_nextn_predict_layers$/,
  // Only text is run.
  /^(vision|image|video|audio|mm|multimodal|projector|boi|eoi)_/
]

const isFalse = (value: unknown): boolean => value === false
const isOne = (value: unknown): boolean => value === 1
const isEmpty = (value: unknown): boolean => typeof value === "object" && Object.keys(value as object).length === 0

type Accepts = (value: unknown, config: ModelConfig, reads: ReadonlySet<string>) => boolean

const windowless = (config: ModelConfig): boolean =>
  config["use_sliding_window"] === false || (config["sliding_window"] ?? null) === null

/** Keys that an architecture does not read, with the values that change nothing. */
const harmlessAt: Readonly<Record<string, Accepts>> = {
  is_encoder_decoder: isFalse,
  add_cross_attention: isFalse,
  pruned_heads: isEmpty,
  per_layer_config: isEmpty,
  is_causal: (value) => value === true,
  use_bidirectional_attention: isFalse,
  mlp_only_layers: isEmpty,
  attention_bias: isFalse,
  mlp_bias: isFalse,
  use_bias: isFalse,
  qk_norm: isFalse,
  use_qk_norm: isFalse,
  qk_layernorm: isFalse,
  rope_interleaved: isFalse,
  use_mrope: isFalse,
  partial_rotary_factor: isOne,
  rotary_pct: isOne,
  embedding_multiplier: isOne,
  residual_multiplier: isOne,
  logits_scaling: isOne,
  logit_scale: isOne,
  attn_output_gate: (value, _config, reads) => value === reads.has("linear_conv_kernel_dim"),
  lm_head_bias: isFalse,
  full_attn_mod: isOne,
  interpolate_factor: isOne,
  // Said a second time.
  sliding_window_size: (value, config) => value === config["sliding_window"],
  experts_per_token: (value, config) => value === config["num_experts_per_tok"],
  // The other of the two names counts, where it is there.
  hidden_activation: (value) => value === "gelu_pytorch_tanh",
  hidden_act: (value, config) =>
    (config["hidden_activation"] ?? null) !== null || ["gelu", "gelu_new", "gelu_pytorch_tanh"].includes(String(value)),
  head_dim: (value, config) => value === Number(config["hidden_size"]) / Number(config["num_attention_heads"]),
  layer_types: (value) => Array.isArray(value) && value.every((type) => type === "full_attention"),
  sliding_window: (_value, config) => windowless(config),
  max_window_layers: (_value, config) => windowless(config),
  use_sliding_window: (value, config, reads) =>
    value === true
      ? reads.has("sliding_window") && !windowless(config)
      : (config["sliding_window"] ?? null) === null || !reads.has("sliding_window"),
  // Written by the library beside the list that follows from it.
  _sliding_window_pattern: (value, config) => Array.isArray(config["layer_types"]) || value === 6
}

const isKnown = (key: string, config: ModelConfig, reads: ReadonlySet<string>): boolean => {
  const value = config[key]
  // null means that nothing is said.
  if (value === null || value === undefined || reads.has(key)) return true
  const accepts = Object.hasOwn(harmlessAt, key) ? harmlessAt[key] : undefined
  if (accepts !== undefined) return accepts(value, config, reads)
  return harmless.has(key) || harmlessKinds.some((kind) => kind.test(key))
}

/** A value as it may stand in a message. */
const shown = (value: unknown): string => {
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}

/**
 * @param reads keys that the architecture reads
 * @param within where in config.json these keys stand
 */
export const checkKeys = (
  config: ModelConfig,
  reads: ReadonlyArray<string>,
  within = ""
): Effect.Effect<void, ModelError> => {
  const read = new Set(reads)
  const keys = Object.keys(config).filter((key) => !isKnown(key, config, read))
  if (keys.length === 0) return Effect.void
  const named = keys.map((key) => `${within}${key} ${shown(config[key])}`)
  const near = keys
    .filter((key) => !Object.hasOwn(harmlessAt, key))
    .map((key) => suggest(key, reads))
    .join("")
  return Effect.fail(
    new ModelError({
      reason: "config",
      keys: keys.map((key) => within + key),
      problem: `config.json: ${named.join("; ")} is not implemented: it may change what the model computes${near}`,
      remedy: `If it changes nothing, remove ${keys.length === 1 ? "the key" : "the keys"} from a copy of config.json; else this model cannot be run yet.`
    })
  )
}
