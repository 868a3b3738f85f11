"""Makes the folders beside this file: tiny random checkpoints with activations and logits of the reference library.

    pip install torch transformers safetensors
    python make.py

Written with transformers 5.23.0 and torch 2.15.0, float32, eager attention, one text of 12 tokens a model.
"""

import os

import torch
from safetensors.torch import save_file
from transformers import AutoConfig, AutoModelForCausalLM

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
}

for seed, (name, (kind, fields)) in enumerate(models.items()):
    torch.manual_seed(seed)
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **fields), attn_implementation="eager")
    model = model.float().eval()
    gemma = "gemma" in kind
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            scale = parameter.ndim == 1 and ("norm" in parameter_name or "ln_" in parameter_name)
            mean = 1.0 if scale and parameter_name.endswith("weight") and not gemma else 0.0
            embeds = "embed" in parameter_name or "wte" in parameter_name
            parameter.normal_(mean, 0.3 if parameter.ndim == 1 else 1.0 if embeds else 0.25)
    ids = torch.randint(2, vocabulary, (1, time), generator=torch.Generator().manual_seed(seed))
    ids[:, 0] = 0
    golden = {}

    def keep(key):
        def hook(_module, _inputs, output):
            golden[key] = (output[0] if isinstance(output, tuple) else output).detach().clone().contiguous()

        return hook

    body = getattr(model, "model", None) or getattr(model, "gpt_neox", None) or model.transformer
    for i, layer in enumerate(getattr(body, "layers", None) or body.h):
        attention = getattr(layer, "self_attn", None) or getattr(layer, "attention", None) or layer.attn
        (layer.post_attention_layernorm if gemma else attention).register_forward_hook(keep(f"attn_out.{i}"))
        (layer.post_feedforward_layernorm if gemma else layer.mlp).register_forward_hook(keep(f"mlp_out.{i}"))
        layer.register_forward_hook(keep(f"hidden_states.{i + 1}"))
    with torch.no_grad():
        golden["logits"] = model(ids).logits
    loss = torch.nn.functional.cross_entropy(golden["logits"][0, :-1], ids[0, 1:]).item()
    folder = os.path.join(here, name)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))
    golden["input_ids"] = ids.int()
    save_file(golden, os.path.join(folder, "golden.safetensors"), {"mean_cross_entropy": f"{loss:.6f}"})
