"""The other side of bench/capture: transformers stopped at a layer by a hook, and TransformerLens with stop_at_layer.

python peers.py FOLDER THREADS [NAME ...]: writes random checkpoints into FOLDER, then answers one JSON line for each on
stdin: {"model", "peer", "ids": [batch][time]} -> {"seconds"}; with "out", the activations go there as raw f32.
"""
import json
import logging
import os
import sys
import time
import warnings

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_VERBOSITY="error", TOKENIZERS_PARALLELISM="false")
warnings.filterwarnings("ignore")
folder, threads, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]

import torch
import transformers

logging.disable(logging.WARNING)
torch.set_num_threads(threads)
torch.set_grad_enabled(False)

CONFIGS = {
    "gpt2": (8, lambda: transformers.GPT2Config()),
    "pythia-70m": (3, lambda: transformers.GPTNeoXConfig(
        vocab_size=50304, hidden_size=512, num_hidden_layers=6, num_attention_heads=8, intermediate_size=2048,
        rotary_pct=0.25, max_position_embeddings=2048, use_parallel_residual=True, tie_word_embeddings=False,
        bos_token_id=0, eos_token_id=0)),
}


class Stop(Exception):
    pass


def lens_model(name, model):
    """The same weights in a HookedTransformer, unfolded and uncentred: its raw activations are those of the checkpoint."""
    from transformer_lens import HookedTransformer, HookedTransformerConfig
    from transformer_lens.pretrained.weight_conversions import convert_gpt2_weights, convert_neox_weights
    c = model.config
    neox = name.startswith("pythia")
    cfg = HookedTransformerConfig(
        n_layers=c.num_hidden_layers, d_model=c.hidden_size, n_heads=c.num_attention_heads,
        d_head=c.hidden_size // c.num_attention_heads, d_mlp=4 * c.hidden_size, d_vocab=c.vocab_size,
        n_ctx=c.max_position_embeddings, act_fn="gelu" if neox else "gelu_new", eps=1e-5, normalization_type="LN",
        parallel_attn_mlp=neox, positional_embedding_type="rotary" if neox else "standard",
        rotary_dim=c.hidden_size // c.num_attention_heads // 4 if neox else None,
        rotary_adjacent_pairs=False, use_hook_tokens=False, device="cpu", dtype=torch.float32)
    lens = HookedTransformer(cfg, move_to_device=False)
    state = (convert_neox_weights if neox else convert_gpt2_weights)(model, cfg)
    lens.load_state_dict(state, strict=False)
    return lens.eval()


models = {}
for name in names:
    layer, make = CONFIGS[name]
    config = make()
    config.attn_implementation = "sdpa"
    transformers.set_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).eval()
    model.save_pretrained(os.path.join(folder, name))
    blocks = model.transformer.h if name == "gpt2" else model.gpt_neox.layers
    base = model.transformer if name == "gpt2" else model.gpt_neox
    kept = []

    def stop(module, args, kept=kept):
        kept.append(args[0])
        raise Stop

    blocks[layer].register_forward_pre_hook(stop)

    def hooked(ids, base=base, kept=kept):
        try:
            base(ids, use_cache=False)
        except Stop:
            pass
        return kept.pop()

    try:
        lens = lens_model(name, model)
        stopped = lambda ids, lens=lens, layer=layer: lens(ids, stop_at_layer=layer)
    except Exception as error:  # an own failure is reported, the other peer is still measured
        print(f"TransformerLens: {type(error).__name__}: {error}", file=sys.stderr)
        stopped = None
    models[name] = {"transformers": hooked, "transformer_lens": stopped}

from importlib.metadata import version
print(json.dumps({"versions": {p: version(p) for p in ("torch", "transformers", "transformer_lens")},
                  "layers": {name: CONFIGS[name][0] for name in names},
                  "peers": {name: [p for p, run in models[name].items() if run] for name in names}}), flush=True)

for line in sys.stdin:
    job = json.loads(line)
    ids = torch.tensor(job["ids"])
    run = models[job["model"]][job["peer"]]
    start, cpu = time.perf_counter(), time.process_time()
    activation = run(ids).contiguous().numpy()
    seconds = time.process_time() - cpu if job.get("cpu") else time.perf_counter() - start
    if "out" in job:
        activation.astype("<f4").tofile(job["out"])
    print(json.dumps({"seconds": seconds}), flush=True)
