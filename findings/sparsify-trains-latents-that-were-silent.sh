#!/usr/bin/env bash
# Good guess: a latent whose pre-activation is negative on every row is cut off by the ReLU, so the reconstruction loss
#   cannot move its encoder; this is what a dead latent is.
# What happens: sparsify's TopK is taken after the ReLU, and where a row has fewer than k positive pre-activations the
#   remaining picks are zeros. FusedEncoder.backward has no ReLU mask, so the picked zeros get a gradient as if they were
#   on the positive side: silent latents are trained (the lowest-numbered ones, by torch's order among ties).
# Versions: eai-sparsify 1.3.3, torch 2.15.0. The same loss built from plain torch operations is the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" eai-sparsify==1.3.3 torch==2.15.0 numpy==2.4.6 transformers==5.24.0 \
  datasets==5.2.0 accelerate==1.15.0 einops==0.8.2 safetensors==0.8.0 natsort==8.4.0 schedulefree==1.4.1 simple-parsing==0.1.9
SPARSIFY_DISABLE_TRITON=1 "$work/venv/bin/python" - <<'PY'
import torch
from sparsify import SparseCoder, SparseCoderConfig

torch.manual_seed(0)
sae = SparseCoder(8, SparseCoderConfig(expansion_factor=4, k=4))
with torch.no_grad():
    sae.encoder.bias.fill_(-1.2)  # few pre-activations are positive, as in a sparse or half-dead dictionary
x = torch.randn(64, 8)
out = sae(x)
pre = torch.relu((x - sae.b_dec) @ sae.encoder.weight.T + sae.encoder.bias)
silent = pre.amax(0) == 0

acts, where = pre.topk(4, dim=-1)
rebuilt = torch.zeros_like(pre).scatter(-1, where, acts) @ sae.W_dec + sae.b_dec
control = (x - rebuilt).pow(2).sum() / (x - x.mean(0)).pow(2).sum()

(got,) = torch.autograd.grad(out.fvu, sae.encoder.weight)
(want,) = torch.autograd.grad(control, sae.encoder.weight)
print("fvu: sparsify", out.fvu.item(), "control", control.item())
print("latents silent on all rows:", int(silent.sum()), "of", len(silent))
print("their encoder gradient: sparsify", got[silent].abs().sum().item(), "control", want[silent].abs().sum().item())
print("largest difference of the encoder's gradient, of the largest true entry:", ((got - want).abs().max() / want.abs().max()).item())
assert torch.allclose(out.fvu, control, rtol=1e-5), "the losses differ: the control no longer fits"
assert want[silent].abs().sum() == 0 and silent.sum() >= 5
assert got[silent].abs().sum() > 0.01
assert (got - want).abs().max() > want.abs().max()
PY
