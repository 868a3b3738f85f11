/**
 * Configurations as they are published on the Hugging Face hub, with all their keys: none is refused, and none is warned of.
 * Long lists are shortened with the sizes; the names of the repositories stand at each.
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { describeModel } from "../../src/model/load-model.ts"

type Config = Readonly<Record<string, unknown>>

const saved = (className: string, more: Config): Config => ({
  architectures: [className],
  torch_dtype: "bfloat16",
  transformers_version: "4.46.0",
  use_cache: true,
  initializer_range: 0.02,
  bos_token_id: 1,
  eos_token_id: [2, 3],
  ...more
})

const sizes = {
  hidden_size: 64,
  intermediate_size: 128,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 1000,
  max_position_embeddings: 4096,
  rms_norm_eps: 1e-6,
  hidden_act: "silu",
  attention_dropout: 0.0
}

const mixed = ["sliding_attention", "full_attention"]

const published: Readonly<Record<string, Config>> = {
  "openai-community/gpt2": {
    activation_function: "gelu_new",
    architectures: ["GPT2LMHeadModel"],
    attn_pdrop: 0.1,
    bos_token_id: 50256,
    embd_pdrop: 0.1,
    eos_token_id: 50256,
    initializer_range: 0.02,
    layer_norm_epsilon: 1e-5,
    model_type: "gpt2",
    n_ctx: 1024,
    n_embd: 768,
    n_head: 12,
    n_layer: 12,
    n_positions: 1024,
    resid_pdrop: 0.1,
    summary_activation: null,
    summary_first_dropout: 0.1,
    summary_proj_to_labels: true,
    summary_type: "cls_index",
    summary_use_proj: true,
    task_specific_params: { "text-generation": { do_sample: true, max_length: 50 } },
    vocab_size: 50257
  },
  "roneneldan/TinyStories-33M": {
    _name_or_path: "EleutherAI/gpt-neo-125M",
    activation_function: "gelu_new",
    architectures: ["GPTNeoForCausalLM"],
    attention_dropout: 0,
    attention_layers: ["global", "local"],
    attention_types: [[["global", "local"], 1]],
    bos_token_id: 50256,
    embed_dropout: 0,
    eos_token_id: 50256,
    gradient_checkpointing: false,
    hidden_size: 768,
    initializer_range: 0.02,
    intermediate_size: null,
    layer_norm_epsilon: 1e-5,
    max_position_embeddings: 2048,
    model_type: "gpt_neo",
    num_heads: 16,
    num_layers: 2,
    resid_dropout: 0,
    summary_activation: null,
    summary_first_dropout: 0.1,
    summary_proj_to_labels: true,
    summary_type: "cls_index",
    summary_use_proj: true,
    torch_dtype: "float32",
    transformers_version: "4.28.1",
    use_cache: true,
    vocab_size: 50257,
    window_size: 256
  },
  "EleutherAI/pythia-1b": {
    architectures: ["GPTNeoXForCausalLM"],
    bos_token_id: 0,
    eos_token_id: 0,
    hidden_act: "gelu",
    hidden_size: 2048,
    initializer_range: 0.02,
    intermediate_size: 8192,
    layer_norm_eps: 1e-5,
    max_position_embeddings: 2048,
    model_type: "gpt_neox",
    num_attention_heads: 8,
    num_hidden_layers: 16,
    rotary_emb_base: 10000,
    rotary_pct: 0.25,
    tie_word_embeddings: false,
    torch_dtype: "float16",
    transformers_version: "4.24.0",
    use_cache: true,
    use_parallel_residual: true,
    vocab_size: 50304
  },
  "meta-llama/Llama-3.2-1B": saved("LlamaForCausalLM", {
    ...sizes,
    model_type: "llama",
    attention_bias: false,
    mlp_bias: false,
    head_dim: 64,
    pretraining_tp: 1,
    rope_scaling: {
      factor: 32.0,
      high_freq_factor: 4.0,
      low_freq_factor: 1.0,
      original_max_position_embeddings: 8192,
      rope_type: "llama3"
    },
    rope_theta: 500000.0,
    tie_word_embeddings: true
  }),
  "HuggingFaceTB/SmolLM2-135M": saved("LlamaForCausalLM", {
    ...sizes,
    model_type: "llama",
    attention_bias: false,
    mlp_bias: false,
    is_llama_config: true,
    pretraining_tp: 1,
    rope_interleaved: false,
    rope_scaling: null,
    rope_theta: 100000,
    tie_word_embeddings: true,
    "transformers.js_config": { kv_cache_dtype: { q4f16: "float16", fp16: "float16" } }
  }),
  "lmsys/vicuna-7b-v1.5": saved("LlamaForCausalLM", {
    ...sizes,
    _name_or_path: "vicuna-7b-v1.5",
    model_type: "llama",
    pad_token_id: 0,
    pretraining_tp: 1,
    rope_scaling: null,
    tie_word_embeddings: false
  }),
  "mistralai/Mistral-7B-v0.1": saved("MistralForCausalLM", {
    ...sizes,
    model_type: "mistral",
    rope_theta: 10000.0,
    sliding_window: 4096,
    tie_word_embeddings: false
  }),
  "Qwen/Qwen2.5-7B-Instruct": saved("Qwen2ForCausalLM", {
    ...sizes,
    model_type: "qwen2",
    max_window_layers: 28,
    rope_theta: 1000000.0,
    sliding_window: 131072,
    tie_word_embeddings: false,
    use_mrope: false,
    use_sliding_window: false
  }),
  "Qwen/Qwen3-8B": saved("Qwen3ForCausalLM", {
    ...sizes,
    model_type: "qwen3",
    attention_bias: false,
    head_dim: 128,
    max_window_layers: 36,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: null,
    tie_word_embeddings: false,
    use_sliding_window: false
  }),
  "Qwen/Qwen3-30B-A3B": saved("Qwen3MoeForCausalLM", {
    ...sizes,
    model_type: "qwen3_moe",
    attention_bias: false,
    decoder_sparse_step: 1,
    head_dim: 128,
    max_window_layers: 48,
    mlp_only_layers: [],
    moe_intermediate_size: 32,
    norm_topk_prob: true,
    num_experts: 8,
    num_experts_per_tok: 2,
    output_router_logits: false,
    rope_scaling: null,
    rope_theta: 1000000.0,
    router_aux_loss_coef: 0.001,
    sliding_window: null,
    tie_word_embeddings: false,
    use_sliding_window: false
  }),
  "google/gemma-2b": saved("GemmaForCausalLM", {
    ...sizes,
    model_type: "gemma",
    attention_bias: false,
    head_dim: 256,
    hidden_act: "gelu",
    hidden_activation: null,
    pad_token_id: 0,
    rope_scaling: null,
    rope_theta: 10000.0
  }),
  "google/gemma-2-2b": saved("Gemma2ForCausalLM", {
    ...sizes,
    model_type: "gemma2",
    attention_bias: false,
    attn_logit_softcapping: 50.0,
    cache_implementation: "hybrid",
    final_logit_softcapping: 30.0,
    head_dim: 256,
    hidden_act: "gelu_pytorch_tanh",
    hidden_activation: "gelu_pytorch_tanh",
    pad_token_id: 0,
    query_pre_attn_scalar: 256,
    rope_theta: 10000.0,
    sliding_window: 4096,
    sliding_window_size: 4096
  }),
  "google/gemma-3-270m": saved("Gemma3ForCausalLM", {
    ...sizes,
    hidden_act: null,
    model_type: "gemma3_text",
    _sliding_window_pattern: 6,
    attention_bias: false,
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
    head_dim: 256,
    hidden_activation: "gelu_pytorch_tanh",
    layer_types: mixed,
    query_pre_attn_scalar: 256,
    rope_local_base_freq: 10000.0,
    rope_scaling: null,
    rope_theta: 1000000.0,
    sliding_window: 512,
    use_bidirectional_attention: false
  }),
  "google/gemma-3-12b-it": {
    architectures: ["Gemma3ForConditionalGeneration"],
    boi_token_index: 255999,
    eoi_token_index: 256000,
    eos_token_id: [1, 106],
    image_token_index: 262144,
    initializer_range: 0.02,
    mm_tokens_per_image: 256,
    model_type: "gemma3",
    text_config: {
      hidden_size: 3840,
      intermediate_size: 15360,
      model_type: "gemma3_text",
      num_attention_heads: 16,
      num_hidden_layers: 48,
      num_key_value_heads: 8,
      rope_scaling: { factor: 8.0, rope_type: "linear" },
      sliding_window: 1024
    },
    torch_dtype: "bfloat16",
    transformers_version: "4.50.0.dev0",
    vision_config: { hidden_size: 1152, image_size: 896, model_type: "siglip_vision_model", vision_use_head: false }
  },
  "google/embeddinggemma-300m": saved("Gemma3TextModel", {
    ...sizes,
    hidden_act: null,
    model_type: "gemma3_text",
    _sliding_window_pattern: 6,
    head_dim: 256,
    hidden_activation: "gelu_pytorch_tanh",
    layer_types: mixed,
    query_pre_attn_scalar: 256,
    rope_local_base_freq: 10000.0,
    rope_theta: 1000000.0,
    sliding_window: 512,
    use_bidirectional_attention: true
  }),
  "microsoft/Phi-4-mini-instruct": saved("Phi3ForCausalLM", {
    ...sizes,
    hidden_size: 64,
    model_type: "phi3",
    attention_bias: false,
    auto_map: { AutoConfig: "configuration_phi3.Phi3Config" },
    embd_pdrop: 0.0,
    full_attn_mod: 1,
    interpolate_factor: 1,
    lm_head_bias: false,
    mlp_bias: false,
    original_max_position_embeddings: 4096,
    partial_rotary_factor: 0.75,
    resid_pdrop: 0.0,
    rope_scaling: { long_factor: [1, 1, 1, 1, 1, 1], short_factor: [1, 1, 1, 1, 1, 1], type: "longrope" },
    rope_theta: 10000.0,
    sliding_window: 262144,
    tie_word_embeddings: true
  }),
  "allenai/OLMo-2-1124-7B": saved("Olmo2ForCausalLM", {
    ...sizes,
    model_type: "olmo2",
    attention_bias: false,
    pad_token_id: 100277,
    rope_scaling: null,
    rope_theta: 500000,
    tie_word_embeddings: false
  }),
  "allenai/Olmo-3-1025-7B": saved("Olmo3ForCausalLM", {
    ...sizes,
    model_type: "olmo3",
    attention_bias: false,
    layer_types: mixed,
    rope_scaling: {
      attention_factor: 1.2079441541679836,
      beta_fast: 32,
      beta_slow: 1,
      factor: 8.0,
      original_max_position_embeddings: 8192,
      rope_type: "yarn"
    },
    rope_theta: 500000,
    sliding_window: 4096,
    tie_word_embeddings: false
  }),
  "HuggingFaceTB/SmolLM3-3B": saved("SmolLM3ForCausalLM", {
    ...sizes,
    model_type: "smollm3",
    attention_bias: false,
    layer_types: ["full_attention", "full_attention"],
    max_window_layers: 28,
    mlp_bias: false,
    no_rope_layer_interval: 4,
    no_rope_layers: [1, 1],
    pretraining_tp: 2,
    rope_scaling: null,
    rope_theta: 5000000.0,
    sliding_window: null,
    use_sliding_window: false
  }),
  "ibm-granite/granite-3.3-8b-base": saved("GraniteForCausalLM", {
    ...sizes,
    model_type: "granite",
    attention_bias: false,
    attention_multiplier: 0.0078125,
    embedding_multiplier: 12.0,
    logits_scaling: 16.0,
    mlp_bias: false,
    residual_multiplier: 0.22,
    rope_scaling: null,
    rope_theta: 10000000.0,
    tie_word_embeddings: true
  }),
  "mistralai/Mixtral-8x7B-v0.1": saved("MixtralForCausalLM", {
    ...sizes,
    model_type: "mixtral",
    num_experts_per_tok: 2,
    num_local_experts: 8,
    output_router_logits: false,
    rope_theta: 1000000.0,
    router_aux_loss_coef: 0.02,
    sliding_window: null,
    tie_word_embeddings: false
  }),
  "openai/gpt-oss-20b": saved("GptOssForCausalLM", {
    ...sizes,
    model_type: "gpt_oss",
    attention_bias: true,
    experts_per_token: 4,
    head_dim: 64,
    initial_context_length: 4096,
    layer_types: mixed,
    num_experts_per_tok: 4,
    num_local_experts: 32,
    output_router_logits: false,
    quantization_config: { modules_to_not_convert: ["model.layers.*.self_attn"], quant_method: "mxfp4" },
    rope_scaling: {
      beta_fast: 32.0,
      beta_slow: 1.0,
      factor: 32.0,
      original_max_position_embeddings: 4096,
      rope_type: "yarn",
      truncate: false
    },
    rope_theta: 150000,
    router_aux_loss_coef: 0.9,
    sliding_window: 128,
    swiglu_limit: 7.0,
    tie_word_embeddings: false
  })
}

describe("a published configuration", () => {
  for (const [name, config] of Object.entries(published)) {
    it.effect(`${name} is known with all its keys`, () =>
      Effect.gen(function* () {
        expect((yield* describeModel(config)).warnings).toEqual([])
      })
    )
  }
})
