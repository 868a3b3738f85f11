#!/usr/bin/env bash
# Good guess: SAEs of different widths that SAELens builds after the same torch.manual_seed start from unrelated dictionaries; a wide
#   SAE's latent that has cosine 0.7 or more with one of the narrow SAE's was found twice.
# What happens: W_dec is drawn row by row in one call from the seeded generator and then brought to one norm, so the first
#   256 rows (decoder, and tied encoder) of the wide SAE are bit for bit the whole narrow SAE, also across architectures.
#   Feature splitting, stitching (which latents of the wide SAE are new?) and seed-to-seed agreement are measured on twins,
#   and the latent with the same number is the match, before a single step of training.
# Versions: sae-lens 6.54.12, transformer-lens 3.9.0, torch 2.15.0 (cpu). The seed is set by hand: the training runner's own seed is without effect.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 numpy==2.4.6 \
  transformers==5.24.0 datasets==5.2.0
"$work/venv/bin/python" - <<'PY'
import torch
from sae_lens import BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig, StandardTrainingSAE, StandardTrainingSAEConfig


def decoder(make, config, width, seed):
    torch.manual_seed(seed)
    return make(config(d_in=64, d_sae=width)).W_dec.detach()


def best(wide, narrow):
    unit = torch.nn.functional.normalize
    return (unit(wide) @ unit(narrow).T).max(dim=1)


standard = (StandardTrainingSAE, StandardTrainingSAEConfig)
batch_topk = (BatchTopKTrainingSAE, BatchTopKTrainingSAEConfig)
narrow = decoder(*standard, 256, 42)
wide = decoder(*standard, 1024, 42)
other = decoder(*batch_topk, 1024, 42)
apart = decoder(*standard, 1024, 43)
found = best(wide, narrow)
print("rows of the wide decoder equal to a row of the narrow one:", int((wide[:256] == narrow).all(1).sum()), "of 1024")
print("cosine of 0.7 or more with the narrow SAE: seed 42", (found.values >= 0.7).float().mean().item(),
      "BatchTopK, seed 42", (best(other, narrow).values >= 0.7).float().mean().item(),
      "seed 43", (best(apart, narrow).values >= 0.7).float().mean().item())  # fmt: skip
assert torch.equal(wide[:256], narrow) and torch.equal(other[:256], narrow)
assert torch.equal(found.indices[:256], torch.arange(256)) and (found.values[256:] < 0.7).all()
assert (best(apart, narrow).values < 0.7).all()
PY
