#!/usr/bin/env bash
# Good guess: normalize_activations=True of dictionary_learning's trainSAE scales a copy: the scale is folded into the
#   saved SAE, and the activations I handed over stay what they were.
# What happens: act.to(dtype) is a copy only when the dtype changes, and the next line is act /= norm_factor. With float32
#   activations in a list (or a tensor-backed dataset) the caller's own tensors are divided. A second SAE trained on them
#   sees a norm factor of 1 and is folded with 1: its biases and its threshold are for activations that the model never
#   gives, here 40 times too small, though both calls look alike.
# Versions: dictionary-learning 0.1.0, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" dictionary-learning==0.1.0 torch==2.15.0 numpy==2.4.6 nnsight==0.3.7 \
  transformers==5.24.0 datasets==5.2.0 accelerate==1.15.0 einops==0.8.2
"$work/venv/bin/python" - 2>/dev/null <<'PY'
import torch
from dictionary_learning.training import trainSAE
from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer

seen = []


class Watched(BatchTopKTrainer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        seen.append(self)


data = [10 * torch.randn(256, 16, generator=torch.Generator().manual_seed(i)) for i in range(60)]


def run():
    config = dict(trainer=Watched, steps=60, activation_dim=16, dict_size=64, k=4, layer=0, lm_name="none", seed=0,
                  device="cpu", warmup_steps=5, threshold_start_step=10)  # fmt: skip
    before = data[0].norm(dim=1).mean().item()
    trainSAE(data, [config], steps=60, normalize_activations=True, device="cpu")
    return before, data[0].norm(dim=1).mean().item(), seen[-1].ae


first, second = run(), run()
for name, (before, after, ae) in (("first call", first), ("second call", second)):
    print(f"{name}: mean norm of my rows before {before:.3f}, after {after:.3f}; threshold saved {ae.threshold.item():.4f}")
x = 10 * torch.randn(4096, 16, generator=torch.Generator().manual_seed(99))  # what the model really gives
with torch.no_grad():
    l0 = [(ae.encode(x) > 0).sum(1).float().mean().item() for _, _, ae in (first, second)]
print("L0 on such rows:", l0)
assert first[0] > 35 and abs(first[1] - first[0] / 40) < 0.1
assert abs(first[2].threshold / second[2].threshold - 40) < 2
assert 0.5 < l0[0] < 2 and l0[1] > 20
PY
