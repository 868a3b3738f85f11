"""Some hundred tiny checkpoints over all families and odd options, with what the reference library computes from them.

    pip install torch transformers safetensors
    python make-models.py FOLDER [PATTERN ...]

Random weights from fixed seeds. Each folder is made as people have them (config.json and weights, then edited), loaded again by
`AutoModelForCausalLM.from_pretrained`, and gets golden.safetensors: input_ids, the residual stream around each block
(hidden_states.N) and logits. info.json says "refused" where the library itself cannot use the folder, or where it reads over a
key that asks for other mathematics: those have to be refused by name.
"""
import fnmatch
import json
import sys
import traceback
import warnings
import zlib
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import AutoConfig, AutoModelForCausalLM

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()
root = Path(sys.argv[1])
patterns = sys.argv[2:] or ["*"]
vocabulary, time = 61, 14

base = dict(vocab_size=vocabulary, hidden_size=32, intermediate_size=24, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=2, max_position_embeddings=32, bos_token_id=0, eos_token_id=1, pad_token_id=None)
no_groups = {k: v for k, v in base.items() if k != "num_key_value_heads"}
neo = dict(vocab_size=vocabulary, hidden_size=32, num_layers=2, num_heads=4, max_position_embeddings=32, window_size=4,
           attention_types=[[["global", "local"], 1]], bos_token_id=0, eos_token_id=1)
gpt2 = dict(vocab_size=vocabulary, n_embd=32, n_layer=2, n_head=4, n_positions=32, bos_token_id=0, eos_token_id=1)
gemma = dict(base, head_dim=8, sliding_window=5)
vision = dict(hidden_size=16, image_size=28, intermediate_size=16, num_attention_heads=2, num_hidden_layers=1, patch_size=14)
experts = dict(num_local_experts=4, num_experts_per_tok=2)

families = {
    "llama": base, "mistral": dict(base, sliding_window=5), "ministral": dict(base, head_dim=8, sliding_window=5),
    "qwen2": base, "qwen3": dict(base, head_dim=8), "gemma": dict(base, head_dim=8), "gemma2": gemma, "gemma3_text": gemma,
    "gpt2": gpt2, "gpt_neo": neo, "gpt_neox": no_groups, "olmo2": base, "olmo3": dict(base, sliding_window=5),
    "phi3": base, "granite": base, "smollm3": base, "mixtral": dict(base, **experts),
    "qwen3_moe": dict(base, head_dim=8, num_experts=4, num_experts_per_tok=2, moe_intermediate_size=16),
    "gpt_oss": dict(base, head_dim=8, sliding_window=5, rope_parameters=dict(rope_type="default", rope_theta=5000.0), **experts),
    "ministral3": dict(base, head_dim=8),
    "qwen3_5_text": dict(base, head_dim=8, num_hidden_layers=4, linear_key_head_dim=6, linear_value_head_dim=4,
                         linear_num_key_heads=2, linear_num_value_heads=4),
    "gemma4_text": dict(base, head_dim=8, global_head_dim=12, sliding_window=5, hidden_size_per_layer_input=4,
                        vocab_size_per_layer_input=vocabulary,
                        layer_types=["sliding_attention", "full_attention", "full_attention"]),
}
heads = {"gpt_neox": "embed_out.weight"}
embeddings = {"gpt_neox": "gpt_neox.embed_in.weight", "gpt2": "transformer.wte.weight", "gpt_neo": "transformer.wte.weight"}
prefixes = {"gpt_neox": "gpt_neox.", "gpt2": "transformer.", "gpt_neo": "transformer."}
rotary = [name for name in families if name not in ("gpt2", "gpt_neo")]
cases = {}


def case(name, family, fields=None, config=None, tensors=None, store="one", refused=None, kind=None):
    """config: values set (or functions of config.json); tensors: function of the state dict; store: how weights are stored."""
    assert name not in cases, name
    cases[name] = dict(family=family, fields={**families[family], **(fields or {})}, config=config, tensors=tensors,
                       store=store, refused=refused, kind=kind or family)


def rope(kind, theta=5000.0, **more):
    return dict(rope_type=kind, rope_theta=theta, **more)


def drop(*names):
    return lambda tensors: {k: v for k, v in tensors.items() if k not in names}


def without(*keys):
    return lambda json: {k: v for k, v in json.items() if k not in keys}


def bare(family):
    prefix = prefixes.get(family, "model.")
    return lambda tensors: {k.removeprefix(prefix): v for k, v in tensors.items()}


def other_head(family):
    name, embedding = heads.get(family, "lm_head.weight"), embeddings.get(family, "model.embed_tokens.weight")

    def add(tensors):
        generator = torch.Generator().manual_seed(7)
        return {**tensors, name: torch.randn(tensors[embedding].shape, generator=generator) * 0.3}
    return add


def same_head(family):
    name, embedding = heads.get(family, "lm_head.weight"), embeddings.get(family, "model.embed_tokens.weight")
    return lambda tensors: {**tensors, name: tensors[embedding].clone()}


# Every family: as it is, tied and not, and where config.json and the file contradict each other.
for family in families:
    head, embedding = heads.get(family, "lm_head.weight"), embeddings.get(family, "model.embed_tokens.weight")
    case(f"{family}-plain", family)
    case(f"{family}-tied", family, dict(tie_word_embeddings=True))
    case(f"{family}-untied", family, dict(tie_word_embeddings=False))
    case(f"{family}-tied_with_head", family, dict(tie_word_embeddings=True), tensors=other_head(family))
    case(f"{family}-tied_with_same_head", family, dict(tie_word_embeddings=True), tensors=same_head(family))
    case(f"{family}-untied_no_head", family, dict(tie_word_embeddings=False), tensors=drop(head))
    case(f"{family}-bare", family, dict(tie_word_embeddings=False), tensors=lambda t, f=family, h=head: bare(f)(drop(h)(t)),
         config=lambda json: {**json, "architectures": [json["architectures"][0].replace("ForCausalLM", "Model")
                                                        .replace("LMHead", "")]})
    case(f"{family}-bare_tied", family, dict(tie_word_embeddings=True), tensors=bare(family))
    case(f"{family}-unknown_key", family, config=dict(value_residual_scale=0.5), refused="a key that nobody knows")
    case(f"{family}-both_ways", family, config=dict(is_causal=False), refused="not causal")
    case(f"{family}-harmless_keys", family, config=dict(
        torch_dtype="float32", _name_or_path="x", attention_dropout=0.3, top_p=0.9, unsloth_version="1", pretraining_tp=2,
        summary_type="mean", id2label={"0": "a"}, _attn_implementation="eager", **{"transformers.js_config": {}}))
    if family not in ("mixtral", "qwen3_moe", "gpt_oss"):
        case(f"{family}-head_alone", family, dict(tie_word_embeddings=True),
             tensors=lambda t, h=head, e=embedding: {**drop(e)(t), h: t[e]})

# How weights are stored.
for family in ("llama", "gpt2", "gpt_neo", "gpt_neox", "gemma3_text"):
    for store in ("shards", "bin", "bin_shards", "bf16", "f16", "odd_dtype"):
        case(f"{family}-{store}", family, store=store)
case("llama-tied_bin", "llama", dict(tie_word_embeddings=True), tensors=same_head("llama"), store="bin_tied")

# Rotations.
original = dict(original_max_position_embeddings=8)
types = {
    "linear": rope("linear", factor=4.0), "dynamic": rope("dynamic", factor=4.0),
    "llama3": rope("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, **original),
    "yarn": rope("yarn", factor=4.0, **original), "yarn_no_truncate": rope("yarn", factor=4.0, truncate=False, **original),
    "yarn_mscale": rope("yarn", factor=4.0, mscale=0.7, mscale_all_dim=1.3, **original),
    "yarn_mscale_all_dim_0": rope("yarn", factor=4.0, mscale=1.0, mscale_all_dim=0.0, **original),
    "yarn_mscale_alone": rope("yarn", factor=4.0, mscale=0.7, **original),
    "yarn_beta": rope("yarn", factor=4.0, beta_fast=8.0, beta_slow=0.5, attention_factor=1.2, **original),
    "longrope": rope("longrope", factor=4.0, short_factor=[1.0, 1.1, 1.2, 1.3], long_factor=[1.5, 2.0, 2.5, 3.0], **original),
    "proportional": rope("proportional", partial_rotary_factor=0.5),
    "partial": rope("default", partial_rotary_factor=0.5),
    "partial_linear": rope("linear", partial_rotary_factor=0.5, factor=2.0),
    "trained_length": rope("default", **original),
    "yarn_of_linear": rope("linear", factor=2.0, beta_fast=3.0),
}
silent = {"yarn_of_linear": "a key that this type of scaling does not know"}
nested = ("gemma3_text", "olmo3")
for family in ("llama", "mistral", "qwen2", "qwen3", "gemma2", "granite", "olmo2", "gpt_neox", "gemma3_text", "smollm3"):
    for name, parameters in types.items():
        if family not in ("llama", "gemma3_text", "gpt_neox") and name.startswith("yarn_") and name != "yarn_mscale_all_dim_0":
            continue
        own = dict(parameters)
        if family == "gpt_neox":
            if "partial" in name:
                continue
            own["partial_rotary_factor"] = 1.0
        fields = dict(full_attention=own, sliding_attention=rope("default")) if family in nested else own
        kinds = dict(layer_types=["full_attention", "sliding_attention", "full_attention"]) if family in nested else {}
        case(f"{family}-rope_{name}", family, dict(
            max_position_embeddings=8 if name == "dynamic" else 32, rope_parameters=fields, **kinds), refused=silent.get(name))
case("llama-rope_older_form", "llama", config=lambda json: {
    **without("rope_parameters")(json), "rope_theta": 700.0, "rope_scaling": dict(type="linear", factor=2.0)})
case("llama-rope_theta_alone", "llama", config=lambda json: {**without("rope_parameters")(json), "rope_theta": 700.0})
case("llama-rope_both_forms", "llama", config=dict(rope_theta=300.0, rope_scaling=dict(rope_type="linear", factor=2.0)))
case("llama-rope_spiral", "llama", config=dict(rope_parameters=rope("spiral")))
case("llama-partial_outside", "llama", config=dict(partial_rotary_factor=0.25))
case("gpt_neox-rotary_pct", "gpt_neox", config=lambda json: {
    **without("rope_parameters")(json), "rotary_pct": 0.5, "rotary_emb_base": 700})
case("gpt_neox-rotary_default", "gpt_neox", config=without("rope_parameters"))
case("gpt_neox-rope_scaling_empty", "gpt_neox", config=dict(rope_scaling={}))
case("gpt_neox-rotary_all", "gpt_neox", config=lambda json: {**without("rope_parameters")(json), "rotary_pct": 1.0})
case("gpt_neox-head_dim", "gpt_neox", config=dict(head_dim=4), refused="another width of heads for the rotation alone")
case("gemma3_text-rope_older_form", "gemma3_text", config=lambda json: {
    **without("rope_parameters", "layer_types")(json), "rope_theta": 5e4, "rope_local_base_freq": 300.0,
    "sliding_window_pattern": 2, "rope_scaling": dict(rope_type="linear", factor=8.0)})
case("phi3-partial", "phi3", dict(rope_parameters=rope("default", partial_rotary_factor=0.5)))
case("phi3-longrope", "phi3", dict(max_position_embeddings=32, original_max_position_embeddings=8, rope_parameters=rope(
    "longrope", short_factor=[1.0, 1.1, 1.2, 1.3], long_factor=[1.5, 2.0, 2.5, 3.0])))

# Windows and types of layers.
mixed = ["full_attention", "sliding_attention", "full_attention"]
all_full, all_sliding = ["full_attention"] * 3, ["sliding_attention"] * 3
for family in ("mistral", "ministral", "gemma2", "gemma3_text", "olmo3", "qwen2", "qwen3", "smollm3", "gpt_oss"):
    on = dict(use_sliding_window=True) if family in ("qwen2", "qwen3", "smollm3") else {}
    for name, kinds in dict(mixed=mixed, full=all_full, sliding=all_sliding).items():
        case(f"{family}-layers_{name}", family, config=dict(layer_types=kinds, sliding_window=4, **on))
case("mistral-no_window", "mistral", dict(sliding_window=None))
case("mistral-window_flag", "mistral", config=dict(use_sliding_window=False), refused="a flag that the family does not know")
case("mistral-max_window_layers", "mistral", config=dict(max_window_layers=1), refused="layers that the family does not know")
for family in ("qwen2", "qwen3"):
    case(f"{family}-window", family, dict(use_sliding_window=True, sliding_window=4, max_window_layers=1))
    case(f"{family}-window_off", family, dict(use_sliding_window=False, sliding_window=4, max_window_layers=1))
    case(f"{family}-window_null", family, config=dict(use_sliding_window=True, sliding_window=None, layer_types=None))
    case(f"{family}-window_default_layers", family, config=lambda json: {
        **without("layer_types", "max_window_layers")(json), "use_sliding_window": True, "sliding_window": 4})
    case(f"{family}-layers_without_window", family, config=dict(layer_types=mixed, use_sliding_window=False))
for family in ("llama", "granite", "olmo2", "mixtral", "phi3", "gemma"):
    case(f"{family}-layers_not_its_own", family, config=dict(layer_types=mixed, sliding_window=4),
         refused="windows that the family does not know")
    case(f"{family}-layers_all_full", family, config=dict(layer_types=all_full))
for family in ("mixtral", "phi3", "ministral3"):
    case(f"{family}-window", family, dict(sliding_window=4))
case("qwen3_moe-window", "qwen3_moe", dict(use_sliding_window=True, sliding_window=4))

# Heads, biases, activation functions.
for name, counts in dict(one=dict(num_key_value_heads=1), all=dict(num_key_value_heads=4), none=dict(num_key_value_heads=None)).items():
    for family in ("llama", "qwen2", "granite"):
        case(f"{family}-kv_{name}", family, counts)
for family in ("llama", "mistral", "qwen3", "gemma2", "gemma3_text", "granite", "olmo2"):
    case(f"{family}-wide_heads", family, dict(head_dim=12) if family not in ("granite", "olmo2") else {})
    if family not in ("mistral",):
        case(f"{family}-attention_bias", family, dict(attention_bias=True))
case("mistral-attention_bias", "mistral", config=dict(attention_bias=True), refused="biases that the family does not have")
case("llama-mlp_bias", "llama", dict(mlp_bias=True))
for name in ("gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu", "gelu_10", "relu", "relu2", "relu6", "silu",
             "swish", "mish", "tanh", "sigmoid", "linear", "laplace", "leaky_relu", "gelu_python", "gelu_accurate", "hardswish",
             "gelu_python_tanh", "sqrtsoftplus", "xielu", "prelu"):
    learned = "a function with parameters of its own" if name in ("xielu", "prelu") else None
    case(f"llama-act_{name}", "llama", dict(hidden_act=name), refused=learned)
    case(f"gpt2-act_{name}", "gpt2", dict(activation_function=name), refused=learned)
case("gemma-act_gelu", "gemma", config=dict(hidden_act="gelu"))
case("gemma-hidden_activation", "gemma", config=dict(hidden_activation="relu"), refused="a name that the library does not look at")
case("gemma2-hidden_act", "gemma2", config=dict(hidden_act="relu", hidden_activation=None))
case("gemma2-activation_relu", "gemma2", dict(hidden_activation="relu"))

# Families' own options.
for family in ("gemma2", "gemma3_text"):
    case(f"{family}-caps", family, dict(attn_logit_softcapping=3.0, final_logit_softcapping=2.0))
    case(f"{family}-no_caps", family, config=dict(attn_logit_softcapping=None, final_logit_softcapping=None))
    case(f"{family}-scalar", family, dict(query_pre_attn_scalar=20))
    case(f"{family}-both_ways_flag", family, dict(use_bidirectional_attention=True),
         refused="a flag that the library's mask does not look at" if family == "gemma2" else None)
    case(f"{family}-defaults_left_out", family, config=without(
        "hidden_activation", "rms_norm_eps", "attention_bias", "tie_word_embeddings", "layer_types", "query_pre_attn_scalar"))
case("gemma3_text-pattern", "gemma3_text", config=lambda json: {**without("layer_types")(json), "sliding_window_pattern": 3})
case("llama-caps", "llama", config=dict(attn_logit_softcapping=3.0), refused="a cap that the family does not have")
case("llama-logit_scale", "llama", config=dict(logit_scale=0.5), refused="a scale that the family does not have")
case("llama-per_layer", "llama", config=dict(per_layer_config={"1": {"num_attention_heads": 2}}),
     refused="layers that differ from each other")
case("llama-no_rope_layers", "llama", config=dict(no_rope_layers=[0, 1, 1]), refused="a key of another family")
case("granite-multipliers", "granite", dict(embedding_multiplier=3.0, attention_multiplier=0.2, residual_multiplier=0.4, logits_scaling=5.0))
case("smollm3-no_rope", "smollm3", dict(no_rope_layers=[0, 1, 0]))
case("olmo2-eps", "olmo2", dict(rms_norm_eps=1e-3))
case("mixtral-experts_one", "mixtral", dict(num_experts_per_tok=1))
case("qwen3_moe-normalized", "qwen3_moe", dict(norm_topk_prob=True))
case("qwen3_moe-dense_layers", "qwen3_moe", dict(mlp_only_layers=[1]))
case("qwen3_moe-sparse_step", "qwen3_moe", dict(decoder_sparse_step=2))
case("gpt_oss-limits", "gpt_oss", dict(swiglu_limit=0.5))
case("gpt_oss-yarn", "gpt_oss", dict(rope_parameters=rope("yarn", factor=4.0, truncate=False, **original)))
case("ministral3-llama4", "ministral3", dict(rope_parameters=rope("yarn", factor=4.0, llama_4_scaling_beta=0.1, **original)))
case("gpt2-inverse_layer", "gpt2", dict(scale_attn_by_inverse_layer_idx=True))
case("gpt2-unscaled", "gpt2", dict(scale_attn_weights=False))
case("gpt2-upcast", "gpt2", dict(reorder_and_upcast_attn=True))
case("gpt2-inner", "gpt2", dict(n_inner=20))
case("gpt2-n_ctx", "gpt2", config=dict(n_ctx=32))
case("gpt2-cross", "gpt2", dict(add_cross_attention=True), refused="attention to another text")
case("gpt2-eps", "gpt2", dict(layer_norm_epsilon=1e-2))
case("gpt_neo-all_local", "gpt_neo", dict(attention_types=[[["local"], 2]], window_size=3))
case("gpt_neo-layers_contradict", "gpt_neo", config=dict(attention_layers=["local", "local"]))
case("gpt_neo-inner", "gpt_neo", dict(intermediate_size=20))
case("gpt_neox-serial", "gpt_neox", dict(use_parallel_residual=False))
case("gpt_neox-no_bias", "gpt_neox", dict(attention_bias=False))
case("gpt_neox-gelu_fast", "gpt_neox", dict(hidden_act="gelu_fast"))
case("llama-eps", "llama", dict(rms_norm_eps=1e-2))
case("llama-quantized", "llama", config=dict(quantization_config=dict(quant_method="bitsandbytes", load_in_8bit=True)),
     refused="weights that are said to be quantized")
case("llama-odd_sizes", "llama", dict(hidden_size=36, num_attention_heads=3, num_key_value_heads=3, intermediate_size=17))
case("llama-tanh_norm_extra", "llama", tensors=lambda t: {**t, "model.layers.0.self_attn.q_norm.weight": torch.ones(8)},
     refused="a tensor that config.json knows nothing of")

# Models that see images too: the text part.
def whole(**outer):
    return lambda json: {**json, **outer}


def text_only(*keys):
    return lambda json: {**json, "text_config": without(*keys)(json["text_config"])}


case("gemma3-plain", "gemma3_text", kind="gemma3")
case("gemma3-outer_untied", "gemma3_text", kind="gemma3", config=whole(tie_word_embeddings=False), tensors=lambda t: {
    **t, "language_model.lm_head.weight": torch.randn(vocabulary, 32, generator=torch.Generator().manual_seed(3))})
case("gemma3-inner_untied", "gemma3_text", kind="gemma3", config=lambda json: {
    **json, "text_config": {**json["text_config"], "tie_word_embeddings": False}})
case("gemma3-defaults_left_out", "gemma3_text", kind="gemma3", config=text_only(
    "rms_norm_eps", "hidden_activation", "layer_types", "query_pre_attn_scalar", "tie_word_embeddings"))
case("gemma3-unknown_inner_key", "gemma3_text", kind="gemma3", refused="a key that nobody knows", config=lambda json: {
    **json, "text_config": {**json["text_config"], "value_residual_scale": 0.5}})


def build(kind, fields):
    if kind == "gemma3":
        return AutoConfig.for_model(kind, text_config=fields, vision_config=vision, mm_tokens_per_image=4, image_token_index=60,
                                    boi_token_index=58, eoi_token_index=59)
    return AutoConfig.for_model(kind, **fields)


def randomize(model, kind):
    less_one = kind.startswith(("gemma2", "gemma3", "qwen3_5")) or kind == "gemma"
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            scale = parameter.ndim == 1 and name.endswith("weight")
            embeds = "embed" in name or "wte" in name
            parameter.normal_(1.0 if scale and not less_one else 0.0, 0.3 if parameter.ndim == 1 else 1.0 if embeds else 0.25)


def write_weights(folder, tensors, store):
    (folder / "model.safetensors").unlink()
    tensors = {k: v.contiguous() for k, v in tensors.items()}
    names = sorted(tensors)
    halves = [names[: len(names) // 2], names[len(names) // 2 :]]
    if store in ("bf16", "f16"):
        tensors = {k: v.to(torch.bfloat16 if store == "bf16" else torch.float16) for k, v in tensors.items()}
    if store == "odd_dtype":
        tensors["calibration.scales"] = torch.ones(3, dtype=torch.float8_e4m3fn)
    if store in ("bin", "bin_tied"):
        if store == "bin_tied":
            tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
        torch.save(tensors, folder / "pytorch_model.bin")
    elif store in ("shards", "bin_shards"):
        stem, ending = ("model", "safetensors") if store == "shards" else ("pytorch_model", "bin")
        files = [f"{stem}-0000{i + 1}-of-00002.{ending}" for i in range(2)]
        for file, half in zip(files, halves):
            part = {k: tensors[k] for k in half}
            if store == "shards":
                save_file(part, folder / file, {"format": "pt"})
            else:
                torch.save(part, folder / file)
        index = {k: file for file, half in zip(files, halves) for k in half}
        (folder / f"{stem}.{ending}.index.json").write_text(json.dumps({"metadata": {}, "weight_map": index}))
    else:
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def reference(folder):
    """The library's own values, and whether it had a head to compute logits with."""
    model, info = AutoModelForCausalLM.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32, output_loading_info=True)
    missing = [key for key in info["missing_keys"] if "vision" not in key and "projector" not in key]
    headless = [key for key in missing if key.endswith(("lm_head.weight", "embed_out.weight"))]
    others = [key for key in missing if key not in headless]
    if others:
        raise ValueError(f"tensors are missing: {others[:3]}")
    if info["mismatched_keys"]:
        raise ValueError(f"shapes differ: {list(info['mismatched_keys'])[:3]}")
    model = model.float().eval()
    body = next(module for module in model.modules()
                if isinstance(getattr(module, "layers", getattr(module, "h", None)), torch.nn.ModuleList)
                and not any(part in type(module).__name__ for part in ("Vision", "Siglip")))
    blocks = getattr(body, "layers", None) or body.h
    golden = {}

    def before(_module, inputs, kwargs):
        golden["hidden_states.0"] = (inputs[0] if inputs else kwargs["hidden_states"]).detach().clone().contiguous()

    def after(l):
        def hook(_module, _inputs, output):
            golden[f"hidden_states.{l + 1}"] = (output[0] if isinstance(output, tuple) else output).detach().clone().contiguous()
        return hook

    blocks[0].register_forward_pre_hook(before, with_kwargs=True)
    for l, block in enumerate(blocks):
        block.register_forward_hook(after(l))
    ids = torch.randint(2, vocabulary - 4, (2, time), generator=torch.Generator().manual_seed(1))
    ids[:, 0] = 0
    with torch.no_grad():
        logits = model(ids).logits
    if not headless:
        golden["logits"] = logits.float().contiguous()
    golden["input_ids"] = ids.int()
    return golden


def make(name, spec):
    folder = root / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in folder.iterdir():
        file.unlink()
    torch.manual_seed(zlib.crc32(name.encode()))
    model = AutoModelForCausalLM.from_config(build(spec["kind"], spec["fields"]), attn_implementation="eager").float()
    randomize(model, spec["kind"])
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    described = json.loads((folder / "config.json").read_text())
    edit = spec["config"]
    if edit is not None:
        described = edit(described) if callable(edit) else {**described, **edit}
        (folder / "config.json").write_text(json.dumps(described, indent=1))
    tensors = load_file(folder / "model.safetensors")
    if spec["tensors"] is not None:
        tensors = spec["tensors"](tensors)
    write_weights(folder, tensors, spec["store"])
    info = {"family": spec["family"]}
    try:
        golden = reference(folder)
        if spec["refused"] is None:
            save_file(golden, folder / "golden.safetensors",
                      {"reference": f"transformers {transformers.__version__}, torch {torch.__version__}, float32, eager attention"})
        else:
            info["refused"] = spec["refused"]
    except Exception as error:
        info["refused"] = spec["refused"] or f"the library fails: {type(error).__name__}: {str(error)[:200]}"
    (folder / "info.json").write_text(json.dumps(info) + "\n")
    return info


failures = 0
chosen = [name for name in cases if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]
for name in chosen:
    try:
        make(name, cases[name])
    except Exception:
        failures += 1
        print(f"{name}: not made\n{traceback.format_exc(limit=3)}", file=sys.stderr)
        for file in (root / name).iterdir():
            file.unlink()
        (root / name).rmdir()
print(f"{len(chosen) - failures} folders, transformers {transformers.__version__}")
