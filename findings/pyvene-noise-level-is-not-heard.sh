#!/usr/bin/env bash
# Good guess: NoiseIntervention(noise_level=...) adds noise of that size, drawn anew each time (causal tracing averages over
#   draws); 0 adds none.
# What happens: the constructor reads "noise_leve", so any noise_level that one gives is dropped without a word, and 0.1346
#   (three standard deviations of GPT-2 XL's embeddings) is used for every model. The draw is made once, from seed 1: ten repeats, and
#   ten objects, add the same numbers, to the caller's tensor itself.
# Versions: pyvene 0.1.8, transformers 4.57.6, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" pyvene==0.1.8 transformers==4.57.6 torch==2.15.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import pyvene
import torch

width = 512
sizes, draws = {}, []
for level in (0.0, 0.01, 3.0):
    noise = pyvene.NoiseIntervention(embed_dim=width, noise_level=level)
    rows = torch.zeros(1, 4, width)
    added = noise(rows)
    sizes[level] = added.std().item()
    draws.append(added.clone())
    print(f"noise_level={level}: noise of {sizes[level]:.4f}, written into the argument: {bool((rows == added).all())}")
again = noise(torch.zeros(1, 4, width))
same = all(torch.equal(draw, again) for draw in draws)
print(f"another call and other objects add the same numbers: {same}")
assert len({round(s, 6) for s in sizes.values()}) == 1 and abs(sizes[0.0] - 0.1346) < 0.01 and same
PY
