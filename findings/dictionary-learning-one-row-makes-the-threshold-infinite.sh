#!/usr/bin/env bash
# Good guess: the inference threshold of dictionary_learning's TopK SAE is an exponential moving average (beta 0.999), so
#   one unusual batch is forgotten after some thousand steps.
# What happens: a row without any positive pre-activation (the bias alone, a padding vector, a token early in training)
#   has "smallest activation" infinity, the batch mean is then infinite, and an average never comes down from infinity.
#   From that one row on the threshold is inf for good: it is saved in ae.pt, and encode(x, use_threshold=True) answers
#   zeros for everything. The training loss, which uses TopK, shows nothing.
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
from dictionary_learning.trainers.top_k import TopKTrainer

torch.manual_seed(0)
data = [torch.randn(256, 16) for _ in range(400)]


def train(data):
    trainer = TopKTrainer(steps=1000, activation_dim=16, dict_size=64, k=4, layer=0, lm_name="none", seed=0,
                          device="cpu", warmup_steps=5, threshold_start_step=10)  # fmt: skip
    with torch.no_grad():
        trainer.ae.encoder.bias.fill_(-0.05)  # what a few steps of training do to some of them
    losses = [trainer.update(step, x.clone()) for step, x in enumerate(data, start=1)]
    return trainer.ae, losses[-1]


plain, plain_loss = train(data)
centre = plain.b_dec.detach()  # b_dec starts at zero here and hardly moves: this row is the bias
odd = [x.clone() for x in data]
odd[50][0] = 0.0
one, one_loss = train(odd)
x = torch.randn(1000, 16)
print("all rows usual:  threshold", plain.threshold.item(), "last loss", plain_loss)
print("one row of zeros in 102,400: threshold", one.threshold.item(), "last loss", one_loss)
with torch.no_grad():
    l0 = [(ae.encode(x, use_threshold=True) > 0).sum(1).float().mean().item() for ae in (plain, one)]
print("L0 by threshold", l0)
assert 0 < plain.threshold < 10 and l0[0] > 1
assert one.threshold.item() == float("inf") and l0[1] == 0
assert abs(plain_loss / one_loss - 1) < 0.05
PY
