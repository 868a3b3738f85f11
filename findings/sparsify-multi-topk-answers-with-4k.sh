#!/usr/bin/env bash
# Good guess: multi_topk only adds a second loss (at 4k latents) to training; the forward pass still answers with the
#   k latents and the reconstruction that its fvu is about.
# What happens: the second pass overwrites the first. With multi_topk = true (it is saved in cfg.json, so it comes back
#   with every checkpoint) sae_out, latent_acts and latent_indices are those of 4k latents, also under no_grad, while
#   fvu is still that of k: whoever measures L0 or the loss recovered from sae_out measures an SAE four times as dense,
#   and out.fvu disagrees with the fvu of out.sae_out.
# Versions: eai-sparsify 1.3.3, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" eai-sparsify==1.3.3 torch==2.15.0 numpy==2.4.6 transformers==5.24.0 \
  datasets==5.2.0 accelerate==1.15.0 einops==0.8.2 safetensors==0.8.0 natsort==8.4.0 schedulefree==1.4.1 simple-parsing==0.1.9
SPARSIFY_DISABLE_TRITON=1 "$work/venv/bin/python" - "$work" <<'PY'
import sys

import torch
from sparsify import SparseCoder, SparseCoderConfig

torch.manual_seed(0)
SparseCoder(16, SparseCoderConfig(expansion_factor=4, k=4, multi_topk=True)).save_to_disk(f"{sys.argv[1]}/sae")
sae = SparseCoder.load_from_disk(f"{sys.argv[1]}/sae").eval()
x = torch.randn(256, 16)
with torch.no_grad():
    out = sae(x)
    acts, indices, _ = sae.encode(x)
    at_k = sae.decode(acts, indices)


def fvu(rebuilt):
    return ((x - rebuilt).pow(2).sum() / (x - x.mean(0)).pow(2).sum()).item()


print("latents per row: encode", acts.shape[1], "forward", out.latent_acts.shape[1])
print("fvu: as reported", out.fvu.item(), "of sae_out", fvu(out.sae_out), "of the k latents", fvu(at_k))
assert acts.shape[1] == 4 and out.latent_acts.shape[1] == 16
assert abs(out.fvu.item() - fvu(at_k)) < 1e-5
assert abs(out.multi_topk_fvu.item() - fvu(out.sae_out)) < 1e-5
assert abs(out.fvu.item() - fvu(out.sae_out)) > 0.05
PY
