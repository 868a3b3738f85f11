#!/usr/bin/env bash
# Good guess: SAEBench's core mse is a mean over tokens of |x - x_hat|^2 (per dimension or summed): more tokens a batch make it
#   less noisy, not smaller.
# What happens: each token's squared error is divided by the number of tokens of its batch, and these quotients are averaged
#   again. Twice the batch size, or twice the context, is half the mse of one SAE on one text; published mse values can be compared
#   only where model, context and batch size agree (batch sizes are chosen by model and GPU). With ignored tokens (BOS, pad) it
#   depends on how many there are in each batch as well.
# Versions: sae-bench 0.6.0, sae-lens 6.54.12, transformer-lens 3.9.0, torch 2.15.0. cossim of the same calls is the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
from types import SimpleNamespace

import torch
from sae_bench.evals.core.main import get_sparsity_and_variance_metrics
from transformer_lens import HookedTransformer, HookedTransformerConfig

hook = "blocks.0.hook_resid_post"
model = HookedTransformer(
    HookedTransformerConfig(n_layers=1, d_model=16, n_ctx=32, d_head=8, n_heads=2, d_vocab=50, act_fn="gelu", d_mlp=32, seed=0)
)


class OnesLower:
    """Each of 16 dimensions is 1 too low: the squared error of every token is 16."""

    device = "cpu"
    cfg = SimpleNamespace(hook_name=hook, hook_head_index=None, hook_layer=0, d_sae=16, architecture_str="standard")
    encode = staticmethod(lambda x: x)
    decode = staticmethod(lambda f: f - 1)


text = torch.randint(0, 50, (64, 32), generator=torch.Generator().manual_seed(0))
got = {}
for batch in (4, 16, 64):
    batches = iter(text.split(batch))
    store = SimpleNamespace(get_batch_tokens=lambda n: next(batches))
    metrics, _ = get_sparsity_and_variance_metrics(
        OnesLower, model, store, n_batches=64 // batch, compute_l2_norms=True, compute_sparsity_metrics=True,
        compute_variance_metrics=True, compute_featurewise_density_statistics=True, eval_batch_size_prompts=batch, model_kwargs={},
    )
    got[batch] = metrics
    print(f"the same 2,048 tokens, {batch * 32} a batch: mse {metrics['mse']:.6f}, cossim {metrics['cossim']:.4f}")
for batch, metrics in got.items():
    assert abs(metrics["mse"] * batch * 32 - 16) < 1e-3, metrics["mse"]
    assert abs(metrics["cossim"] - got[4]["cossim"]) < 1e-5
PY
