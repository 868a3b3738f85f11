#!/usr/bin/env bash
# Good guess: unit_norm_decoder=True of deeplens-sae keeps every latent's decoder vector at length one ("constrains decoder
#   weight columns to unit norm", "each feature's decoder weight vector"), which is what makes an L1 penalty meaningful.
# What happens: the decoder is an nn.Linear, so its weight is [input, latent], and the norm is taken over dim=1: over the
#   latents. Each input dimension's row is scaled to one instead. A latent's vector has any length, training can dodge
#   the L1 penalty by making decoder vectors long and activations small, and every input dimension gets the same weight.
# Versions: deeplens-sae 0.1.1, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" deeplens-sae==0.1.1 torch==2.15.0 numpy==1.26.4 \
  transformers==4.57.1 torchaudio==2.11.0 pyarrow==21.0.0
"$work/venv/bin/python" - <<'PY'
import torch
from deeplens.sae import SparseAutoencoder

torch.manual_seed(0)
sae = SparseAutoencoder(input_dims=16, n_features=64, input_norm=False, beta_l1=0.3, unit_norm_decoder=True)
optimizer = torch.optim.Adam(sae.parameters(), lr=1e-2)
directions = torch.nn.functional.normalize(torch.randn(32, 16), dim=1)
for _ in range(300):
    codes = torch.rand(256, 32) * (torch.rand(256, 32) < 0.1)
    optimizer.zero_grad()
    sae.loss(codes @ directions)[0].backward()
    optimizer.step()
    sae.post_step()

weight = sae.decoder.weight.detach()
latents, inputs = weight.norm(dim=0), weight.norm(dim=1)
print("decoder", tuple(weight.shape), "after 300 steps, each with post_step()")
print(f"length of the 64 latents' vectors: {latents.min():.3f} to {latents.max():.3f}")
print(f"length of the 16 input dimensions' rows: {inputs.min():.6f} to {inputs.max():.6f}")
assert torch.allclose(inputs, torch.ones(16), atol=1e-5)
assert latents.max() > 1.3 * latents.min() and not torch.allclose(latents, torch.ones(64), atol=0.1)
PY
