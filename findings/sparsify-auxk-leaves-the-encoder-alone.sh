#!/usr/bin/env bash
# Good guess: sparsify's AuxK loss revives dead latents as in Gao et al. (2024, appendix A.2): its gradient pulls the
#   encoder rows and biases of the dead latents towards the residual, so that they fire again.
# What happens: FusedEncoder.backward never looks at the gradient of the pre-activations, from which AuxK is made. The
#   loss is right and the decoder rows learn, but the encoder's gradient is exactly zero: a dead latent stays as silent
#   as it was. Multi-TopK, made of the same pre-activations, loses its encoder gradient in the same way.
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
sae = SparseCoder(8, SparseCoderConfig(expansion_factor=4, k=4, multi_topk=True))
x = torch.randn(64, 8)
dead = torch.arange(32) < 8
out = sae(x, dead_mask=dead)
weights = {"encoder.weight": sae.encoder.weight, "encoder.bias": sae.encoder.bias, "W_dec": sae.W_dec}


def sizes(loss):
    grads = torch.autograd.grad(loss, list(weights.values()), retain_graph=True)
    return {name: g[dead].abs().sum().item() for name, g in zip(weights, grads)}


# the control: the same forward pass, with torch's own derivative
pre = torch.relu((x - sae.b_dec) @ sae.encoder.weight.T + sae.encoder.bias)
acts, where = torch.where(dead, pre, -torch.inf).topk(4, dim=-1)
top_acts, top_indices, _ = sae.encode(x)
residual = (x - sae.decode(top_acts, top_indices)).detach()
variance = (x - x.mean(0)).pow(2).sum()
control = (torch.zeros_like(pre).scatter(-1, where, acts) @ sae.W_dec - residual).pow(2).sum() / variance

print("auxk loss: sparsify", out.auxk_loss.item(), "control", control.item())
print("gradient on the dead latents, sparsify:  ", sizes(out.auxk_loss))
print("gradient on the dead latents, control:   ", sizes(control))
print("gradient on the dead latents, multi-topk:", sizes(out.multi_topk_fvu))
assert torch.allclose(out.auxk_loss, control, rtol=1e-5), "the losses differ: the control no longer fits"
for loss in (out.auxk_loss, out.multi_topk_fvu):
    got = sizes(loss)
    assert got["encoder.weight"] == 0 and got["encoder.bias"] == 0 and got["W_dec"] > 0.1, got
assert sizes(control)["encoder.weight"] > 0.1
PY
