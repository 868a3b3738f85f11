"""Makes the folders beside this file: tiny random checkpoints with activations and logits of the reference library.

    pip install torch transformers safetensors
    python make.py            # those that are not there
    python make.py NAME ...   # these again

Written with transformers 5.23.0 (up to qwen3) and 5.24.0, and torch 2.15.0, float32, eager attention, one text of 12 tokens a
model. gemma3_both_ways, gpt_neo_bin, llama_yarn_mscale_0 and mistral_layer_types are as bench/fidelity/make-models.py makes them.
"""

import json
import os
import sys

import torch
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

here = os.path.dirname(os.path.abspath(__file__))
vocabulary, time = 61, 12

common = dict(
    vocab_size=vocabulary, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
    num_key_value_heads=2, max_position_embeddings=32, bos_token_id=0, eos_token_id=1, pad_token_id=None,
)
neox = {k: v for k, v in common.items() if k != "num_key_value_heads"}


def rope(kind, **more):
    return dict(rope_type=kind, rope_theta=5000.0, **more)


original = dict(original_max_position_embeddings=8)
models = {
    "gemma2": ("gemma2", dict(common, head_dim=8, sliding_window=5, query_pre_attn_scalar=20)),
    "gemma3": ("gemma3_text", dict(common, head_dim=8, sliding_window=5, num_hidden_layers=7, query_pre_attn_scalar=20)),
    "gemma3_scaled": ("gemma3_text", dict(
        common, head_dim=8, sliding_window=5, layer_types=["sliding_attention", "full_attention"],
        rope_parameters=dict(full_attention=rope("linear", factor=8.0), sliding_attention=rope("default")),
        final_logit_softcapping=20.0)),
    "gpt2_scaled": ("gpt2", dict(
        vocab_size=vocabulary, n_embd=16, n_layer=2, n_head=4, n_positions=32, scale_attn_by_inverse_layer_idx=True,
        n_inner=20, activation_function="relu", tie_word_embeddings=False, bos_token_id=0, eos_token_id=1)),
    "llama_dynamic": ("llama", dict(common, max_position_embeddings=8, rope_parameters=rope("dynamic", factor=4.0))),
    "llama_llama3": ("llama", dict(
        common, head_dim=6, tie_word_embeddings=True, attention_bias=True, mlp_bias=True, hidden_act="gelu",
        rope_parameters=rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, **original))),
    "llama_longrope": ("llama", dict(common, rope_parameters=rope(
        "longrope", factor=4.0, short_factor=[1.0, 1.1], long_factor=[1.5, 2.0], **original))),
    "llama_yarn": ("llama", dict(common, head_dim=8, rope_parameters=rope("yarn", factor=4.0, **original))),
    "mistral": ("mistral", dict(common, sliding_window=5)),
    "neox_serial": ("gpt_neox", dict(
        neox, use_parallel_residual=False, tie_word_embeddings=True, attention_bias=False, hidden_act="gelu_fast",
        rope_parameters=rope("default", partial_rotary_factor=0.5))),
    "qwen2_window": ("qwen2", dict(common, use_sliding_window=True, sliding_window=5, max_window_layers=1)),
    "qwen3": ("qwen3", dict(common, head_dim=6, attention_bias=True)),
    "olmo2": ("olmo2", dict(common, attention_bias=True)),
    "olmo2_tied": ("olmo2", dict(
        common, tie_word_embeddings=True, num_key_value_heads=1, rope_parameters=rope("linear", factor=2.0))),
    "olmo3": ("olmo3", dict(common, num_hidden_layers=5, sliding_window=5, rope_parameters=dict(
        full_attention=rope("yarn", factor=4.0, **original), sliding_attention=dict(rope_type="default", rope_theta=300.0)))),
    "olmo3_full": ("olmo3", dict(
        common, sliding_window=3, layer_types=["full_attention", "sliding_attention"], attention_bias=True)),
    "phi3": ("phi3", dict(
        common, num_key_value_heads=4, sliding_window=5,
        rope_parameters=rope("default", partial_rotary_factor=0.5))),
    "phi3_longrope": ("phi3", dict(
        common, hidden_size=32, original_max_position_embeddings=8, tie_word_embeddings=True,
        rope_parameters=dict(
            rope_type="longrope", rope_theta=5000.0, partial_rotary_factor=0.75, short_factor=[1.0, 1.1, 1.3],
            long_factor=[1.5, 2.0, 4.0]))),
    "smollm3": ("smollm3", dict(
        common, num_hidden_layers=4, no_rope_layers=[1, 0, 1, 0], use_sliding_window=True, sliding_window=5,
        attention_bias=True)),
    "smollm3_interval": ("smollm3", dict(
        common, num_hidden_layers=3, no_rope_layer_interval=2, mlp_bias=True, tie_word_embeddings=False)),
    "granite": ("granite", dict(
        common, embedding_multiplier=3.0, attention_multiplier=0.2, residual_multiplier=0.4, logits_scaling=2.5,
        attention_bias=True, mlp_bias=True)),
    "gemma": ("gemma", dict(common, head_dim=8, attention_bias=True)),
    "gemma_gelu": ("gemma", dict(common, head_dim=6, num_key_value_heads=1, hidden_act="gelu", tie_word_embeddings=False)),
    "ministral": ("ministral", dict(
        common, head_dim=8, num_hidden_layers=3, sliding_window=4,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"])),
    "ministral3": ("ministral3", dict(common, head_dim=8, rope_parameters=rope(
        "yarn", factor=4.0, llama_4_scaling_beta=0.3, mscale=1.0, mscale_all_dim=0.5,
        original_max_position_embeddings=5))),
    "mistral3": ("mistral3", dict(
        text_config=dict(common, model_type="ministral3", head_dim=8, sliding_window=5, rope_parameters=rope(
            "yarn", factor=2.0, llama_4_scaling_beta=0.1, **original)),
        vision_config=dict(model_type="pixtral", hidden_size=8, intermediate_size=8, num_hidden_layers=1,
                           num_attention_heads=2, image_size=8, patch_size=4, head_dim=4),
        tie_word_embeddings=False)),
    "mixtral": ("mixtral", dict(common, num_local_experts=4, num_experts_per_tok=2, sliding_window=5)),
    "mixtral_wide": ("mixtral", dict(
        common, head_dim=6, num_local_experts=5, num_experts_per_tok=3, hidden_act="gelu", tie_word_embeddings=True)),
    "qwen3_moe": ("qwen3_moe", dict(
        common, num_hidden_layers=4, num_experts=5, num_experts_per_tok=2, moe_intermediate_size=10, norm_topk_prob=True,
        decoder_sparse_step=2, mlp_only_layers=[3], attention_bias=True)),
    "qwen3_moe_window": ("qwen3_moe", dict(
        common, head_dim=6, num_experts=4, num_experts_per_tok=3, moe_intermediate_size=10, use_sliding_window=True,
        sliding_window=5)),
    "gpt_oss": ("gpt_oss", dict(
        common, head_dim=8, num_local_experts=4, num_experts_per_tok=2, sliding_window=5, swiglu_limit=1.5)),
    "gpt_oss_mxfp4": ("gpt_oss", dict(
        common, hidden_size=32, intermediate_size=32, head_dim=8, num_local_experts=3, num_experts_per_tok=2,
        layer_types=["full_attention", "sliding_attention"], sliding_window=4, attention_bias=False,
        rope_parameters=rope("yarn", factor=4.0, truncate=False, **original))),
    "qwen3_5_text": ("qwen3_5_text", dict(
        common, num_hidden_layers=4, head_dim=8, linear_key_head_dim=6, linear_value_head_dim=4, linear_num_key_heads=2,
        linear_num_value_heads=4)),
    "qwen3_5": ("qwen3_5", dict(
        text_config=dict(
            common, head_dim=8, linear_conv_kernel_dim=3, linear_key_head_dim=4, linear_value_head_dim=6,
            linear_num_key_heads=3, linear_num_value_heads=3, layer_types=["full_attention", "linear_attention"],
            rope_parameters=dict(rope_type="default", rope_theta=5000.0, partial_rotary_factor=0.5,
                                 mrope_section=[1, 1, 0], mrope_interleaved=True)),
        vision_config=dict(depth=1, hidden_size=8, intermediate_size=8, num_heads=2, out_hidden_size=16, patch_size=2,
                           num_position_embeddings=16, deepstack_visual_indexes=[]),
        tie_word_embeddings=True)),
    "gemma4_text": ("gemma4_text", dict(
        common, num_hidden_layers=5, head_dim=8, global_head_dim=12, sliding_window=5, num_kv_shared_layers=2,
        use_double_wide_mlp=True, hidden_size_per_layer_input=4, vocab_size_per_layer_input=vocabulary,
        layer_types=["sliding_attention", "full_attention", "sliding_attention", "sliding_attention", "full_attention"],
        final_logit_softcapping=20.0, attention_bias=True)),
    "gemma4_keys": ("gemma4_text", dict(
        common, num_hidden_layers=3, head_dim=6, global_head_dim=8, num_global_key_value_heads=1, sliding_window=5,
        attention_k_eq_v=True, hidden_size_per_layer_input=0, tie_word_embeddings=False,
        layer_types=["full_attention", "sliding_attention", "full_attention"],
        rope_parameters=dict(
            sliding_attention=rope("default"), full_attention=rope("proportional", partial_rotary_factor=0.5)))),
    "gemma4_experts": ("gemma4_text", dict(
        common, num_hidden_layers=3, head_dim=6, global_head_dim=8, sliding_window=5, hidden_size_per_layer_input=0,
        enable_moe_block=True, num_experts=4, top_k_experts=2, moe_intermediate_size=10,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"])),
    "qwen3_5_moe_text": ("qwen3_5_moe_text", dict(
        {k: v for k, v in common.items() if k != "intermediate_size"}, head_dim=8, linear_key_head_dim=6,
        linear_value_head_dim=4, linear_num_key_heads=2, linear_num_value_heads=4, num_experts=4, num_experts_per_tok=2,
        moe_intermediate_size=10, shared_expert_intermediate_size=12, layer_types=["linear_attention", "full_attention"])),
    "gemma4": ("gemma4", dict(
        text_config=dict(
            common, head_dim=8, global_head_dim=8, sliding_window=5, hidden_size_per_layer_input=4,
            vocab_size_per_layer_input=vocabulary, layer_types=["sliding_attention", "full_attention"]) | dict(
            pad_token_id=0),
        vision_config=None, audio_config=None)),
}


def packed(stack):
    """A stack [experts, in, out] in MXFP4, [experts, out, in / 32, 16] and [experts, out, in / 32], and what that holds."""
    rows = stack.transpose(1, 2)
    groups = rows.reshape(*rows.shape[:2], -1, 32)
    values = torch.tensor([0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0])
    values = torch.cat([values, -values])
    exponents = torch.ceil(torch.log2(groups.abs().amax(-1) / 6.0)).clamp(-20)
    scaled = groups / torch.exp2(exponents)[..., None]
    codes = (scaled[..., None] - values).abs().argmin(-1)
    blocks = (codes[..., 0::2] + 16 * codes[..., 1::2]).to(torch.uint8)
    held = values[codes] * torch.exp2(exponents)[..., None]
    return blocks, (exponents + 127).to(torch.uint8), held.reshape(rows.shape).transpose(1, 2)


def pack_experts(model, folder):
    """Stores the experts of a saved model in MXFP4."""
    place = os.path.join(folder, "model.safetensors")
    tensors = load_file(place)
    for name in [name for name in tensors if name.endswith(("gate_up_proj", "down_proj"))]:
        blocks, scales, held = packed(tensors.pop(name))
        # The library's own reading of them.
        assert torch.equal(convert_moe_packed_tensors(blocks, scales, dtype=torch.float32), held)
        tensors[f"{name}_blocks"], tensors[f"{name}_scales"] = blocks, scales
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, place, {"format": "pt"})
    place = os.path.join(folder, "config.json")
    with open(place) as file:
        config = json.load(file)
    config["quantization_config"] = dict(quant_method="mxfp4", modules_to_not_convert=["model.layers.*.self_attn"])
    with open(place, "w") as file:
        json.dump(config, file, indent=2)
        file.write("\n")


wanted = sys.argv[1:] or [name for name in models if not os.path.exists(os.path.join(here, name))]

for seed, (name, (kind, fields)) in enumerate(models.items()):
    if name not in wanted:
        continue
    torch.manual_seed(seed)
    sees = "vision_config" in fields
    auto = AutoModelForImageTextToText if sees else AutoModelForCausalLM
    model = auto.from_config(
        AutoConfig.for_model(kind, **fields), attn_implementation="eager", experts_implementation="eager")
    model = model.float().eval()
    less_one = kind.startswith(("gemma2", "gemma3", "qwen3_5")) or kind == "gemma"
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            scale = parameter.ndim == 1 and ("norm" in parameter_name or "ln_" in parameter_name)
            stored_less_one = less_one and "linear_attn.norm" not in parameter_name
            scale = scale or parameter_name.endswith(("router.scale", "per_expert_scale"))
            mean = 1.0 if scale and parameter_name.endswith(("weight", "scale")) and not stored_less_one else 0.0
            embeds = "embed" in parameter_name or "wte" in parameter_name or parameter_name.endswith("sinks")
            parameter.normal_(mean, 1.0 if embeds else 0.3 if parameter.ndim == 1 else 0.25)
            if name.endswith("mxfp4") and parameter_name.endswith(("gate_up_proj", "down_proj")):
                parameter.copy_(packed(parameter)[2])
    ids = torch.randint(2, vocabulary, (1, time), generator=torch.Generator().manual_seed(seed))
    ids[:, 0] = 0
    golden = {}

    def keep(key):
        def hook(_module, _inputs, output):
            golden[key] = (output[0] if isinstance(output, tuple) else output).detach().clone().contiguous()

        return hook

    def keep_router(i):
        def hook(_module, _inputs, output):
            for key, value in zip(("router_logits", "expert_weights", "expert_indices"), output):
                # Gemma 4's router gives shares in their place.
                if key == "router_logits" and "gemma4" in kind:
                    continue
                golden[f"{key}.{i}"] = value.detach().float().clone().contiguous()

        return hook

    body = getattr(model, "model", None) or getattr(model, "gpt_neox", None) or model.transformer
    body = getattr(body, "language_model", body)
    for i, layer in enumerate(getattr(body, "layers", None) or body.h):
        names = ("self_attn", "linear_attn", "attention", "attn")
        attention = next(getattr(layer, name) for name in names if hasattr(layer, name))
        after = hasattr(layer, "post_feedforward_layernorm")
        router = getattr(layer, "router", None) or getattr(layer.mlp, "router", None) or getattr(layer.mlp, "gate", None)
        if router is not None:
            router.register_forward_hook(keep_router(i))
        if hasattr(layer, "layer_scalar"):
            layer.layer_scalar.fill_(0.7 + 0.1 * i)
        # Granite multiplies them before they are added.
        if kind != "granite":
            (layer.post_attention_layernorm if after else attention).register_forward_hook(keep(f"attn_out.{i}"))
            (layer.post_feedforward_layernorm if after else layer.mlp).register_forward_hook(keep(f"mlp_out.{i}"))
        layer.register_forward_hook(keep(f"hidden_states.{i + 1}"))
    with torch.no_grad():
        golden["logits"] = model(ids).logits
    loss = torch.nn.functional.cross_entropy(golden["logits"][0, :-1], ids[0, 1:]).item()
    folder = os.path.join(here, name)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    if name.endswith("mxfp4"):
        pack_experts(model, folder)
    golden["input_ids"] = ids.int()
    save_file(golden, os.path.join(folder, "golden.safetensors"), {"mean_cross_entropy": f"{loss:.6f}"})
