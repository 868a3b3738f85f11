#!/usr/bin/env bash
# Good guess: zipfian_firing_probabilities(n, exponent=0.5, ...) is a power law: on log-log axes a line of slope -0.5 over all ranks,
#   from max_prob down, cut off at min_prob.
# What happens: SAELens moves and stretches 1 / rank^exponent so that the last feature has min_prob exactly. That takes a constant from
#   every probability: the slope is -0.51 over the first ten ranks, -0.86 over the ranks 1,000 to 10,000, -1.85 over the last half, and
#   the last of 16,384 features fires six times as rarely as the law says. SynthSAEBench's world has such probabilities, so that its
#   rare features, which most SAEs miss, are rarer than "Zipf 0.5" says.
# Versions: sae-lens 6.54.12, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" sae-lens==6.54.12 transformer-lens==3.9.0 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - <<'PY'
import math

from sae_lens.synthetic.firing_probabilities import zipfian_firing_probabilities

n = 16_384
p = zipfian_firing_probabilities(n, exponent=0.5, max_prob=0.4, min_prob=5e-4)


def slope(first, last):
    return (math.log(p[last - 1]) - math.log(p[first - 1])) / math.log(last / first)


for first, last in ((1, 10), (10, 100), (100, 1000), (1000, 10_000), (n // 2, n)):
    print(f"slope from rank {first} to {last}: {slope(first, last):.2f}")
print(f"last feature: {p[-1]:.5f}, by the law {0.4 * n**-0.5:.5f}")
assert abs(slope(1, 10) + 0.5) < 0.02
assert slope(1000, 10_000) < -0.8
assert slope(n // 2, n) < -1.5
PY
