#!/usr/bin/env bash
# Good guess: the MCC of an SAE against known features says how many of them it has found; a feature that no latent has counts as 0,
#   so that deleting latents never raises it, and an SAE of one latent has an MCC of about 1 / features.
# What happens: SAELens' synthetic evaluation matches min(latents, features) pairs and averages over those pairs alone. Features
#   without a latent are in no denominator: of 64 features an SAE has 8, its MCC is 0.48; without its other 56 latents it is 1, and with
#   one latent that has a feature it is 1 too. So MCCs of SAEs of different widths cannot be compared, and the published table of
#   4,096 latents against 16,384 features is a mean over a quarter of the features.
# Versions: sae-lens 6.54.12, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import torch
from sae_lens.synthetic.evals import mean_correlation_coefficient

torch.manual_seed(0)
features = torch.nn.functional.normalize(torch.randn(64, 32), dim=1)
found, useless = features[:8], torch.randn(56, 32)
whole = mean_correlation_coefficient(torch.cat([found, useless]), features)
only_found = mean_correlation_coefficient(found, features)
one = mean_correlation_coefficient(found[:1], features)
print(f"64 latents, 8 of which have a feature: MCC {whole:.3f}; those 8 alone: {only_found:.3f}; one of them: {one:.3f}")
assert whole < 0.6
assert only_found > 0.999 and one > 0.999
PY
