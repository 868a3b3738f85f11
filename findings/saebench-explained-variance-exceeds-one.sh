#!/usr/bin/env bash
# Good guess: SAEBench's core explained_variance is 1 - error / variance, the variance E|x|^2 - |E x|^2: at most 1, and the same
#   whatever unit the activations are in.
# What happens: the second term is made of the means of x^2, not of x, over tokens AND dimensions, and is then squared: x^2 less
#   x^4. With activations of unit size it is nearly right (in 16 dimensions 0.990 for 0.990); where a dimension's mean square passes
#   the number of dimensions the "variance" is negative, and a decoder that loses a tenth of everything explains 1.003. Multiply the
#   model's activations by 1,000 and every SAE explains 1.000002. Residual streams with a few massive dimensions get there.
# Versions: sae-bench 0.6.0, sae-lens 6.54.12, transformer-lens 3.9.0, torch 2.15.0. explained_variance_legacy is the control.
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
config = HookedTransformerConfig(
    n_layers=1, d_model=16, n_ctx=32, d_head=8, n_heads=2, d_vocab=50, act_fn="gelu", d_mlp=32, seed=0
)


class NineTenths:
    """Reconstructs nine tenths of whatever it is given: 1 % of the square is lost."""

    device = "cpu"
    cfg = SimpleNamespace(hook_name=hook, hook_head_index=None, hook_layer=0, d_sae=16, architecture_str="standard")
    encode = staticmethod(lambda x: x)
    decode = staticmethod(lambda f: 0.9 * f)


got = {}
for scale in (1, 30, 1000):
    model = HookedTransformer(config)
    for weight in (model.W_E, model.W_pos, model.W_O, model.W_out):
        weight.data *= scale  # the attention and MLP inputs are normalised: the residual stream is this much larger
    torch.manual_seed(0)
    store = SimpleNamespace(get_batch_tokens=lambda n: torch.randint(0, 50, (n, 32)))
    metrics, _ = get_sparsity_and_variance_metrics(
        NineTenths, model, store, n_batches=4, compute_l2_norms=True, compute_sparsity_metrics=True,
        compute_variance_metrics=True, compute_featurewise_density_statistics=True, eval_batch_size_prompts=8, model_kwargs={},
    )
    got[scale] = metrics
    print(
        f"activations x {scale}: norm {metrics['l2_norm_in']:.1f}, explained variance "
        f"{metrics['explained_variance']:.6f}, per token (legacy) {metrics['explained_variance_legacy']:.4f}"
    )
assert 0.98 < got[1]["explained_variance"] < 0.995
assert got[30]["explained_variance"] > 1.001 and got[1000]["explained_variance"] > 1
assert all(0.98 < each["explained_variance_legacy"] < 0.995 for each in got.values())
PY
