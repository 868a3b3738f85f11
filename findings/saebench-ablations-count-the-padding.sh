#!/usr/bin/env bash
# Good guess: in SAEBench's SCR and TPP, masked tokens (padding, BOS) take no part: their activations are set to zero, "later, we ignore zeroed
#   activations".
# What happens: the mean of an ablated text is over the tokens that are left, but its sum is over all: an SAE's latents that fire on a row of zeros
#   (any with a positive bias, or that subtract b_dec) are ablated there too, and what that changes is added to the text as often as it has
#   padding. One text alone and the same padded to the length of its batch get other activations, and the shorter a text the more.
# Versions: sae-bench 0.6.0, sae-lens 6.54.12, torch 2.15.0. The same with nothing ablated, and mean-pooled by SAEBench, is the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0 scikit-learn==1.9.1
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps sae-bench==0.6.0 collectibles==0.1.5 tabulate==0.9.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import torch
from sae_bench.evals.scr_and_tpp.main import ablated_precomputed_activations
from sae_bench.sae_bench_utils.activation_collection import create_meaned_model_activations
from sae_lens import StandardSAE, StandardSAEConfig

torch.manual_seed(0)
torch.set_grad_enabled(False)
sae = StandardSAE(StandardSAEConfig(d_in=8, d_sae=32, apply_b_dec_to_input=False))
sae.b_enc.copy_(0.1 * torch.randn(32))
text = torch.randn(1, 10, 8)
none, half = torch.zeros(32, dtype=torch.bool), torch.arange(32) < 16
padded = {pad: torch.cat([torch.zeros(1, pad, 8), text], 1) for pad in (0, 10, 118)}
for pad, acts in padded.items():
    ablated = ablated_precomputed_activations(acts, sae, half, 125)
    whole = ablated_precomputed_activations(acts, sae, none, 125)
    pooled = create_meaned_model_activations({"text": acts})["text"]
    alone = ablated_precomputed_activations(text, sae, half, 125)
    moved, meant = (ablated - alone).norm().item(), (alone - pooled).norm().item()
    print(f"10 tokens, {pad:3} of padding: the ablation moves the mean by {meant:.3f}, its padding by {moved:.3f} more")
    assert torch.allclose(whole, pooled, atol=1e-5)
    assert (moved > meant) if pad == 118 else (moved > 0.05 if pad else moved < 1e-6)
PY
