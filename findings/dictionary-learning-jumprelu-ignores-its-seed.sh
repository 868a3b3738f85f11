#!/usr/bin/env bash
# Good guess: JumpReluTrainer(seed=0), like every trainer of dictionary_learning, starts from the seed that it writes into
#   config.json.
# What happens: JumpReluTrainer alone never calls manual_seed; it stores the number, and config.json reports it. Two runs
#   with one seed start from different dictionaries (a comparison over seeds compares nothing), and in one trainSAE call
#   that lists a seeded BatchTopK trainer first, JumpReLU SAEs with the seeds 1 and 2 start both from whatever that left.
# Versions: dictionary-learning 0.1.0, torch 2.15.0. BatchTopKTrainer is the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" dictionary-learning==0.1.0 torch==2.15.0 numpy==2.4.6 nnsight==0.3.7 \
  transformers==5.24.0 datasets==5.2.0 accelerate==1.15.0 einops==0.8.2
"$work/venv/bin/python" - 2>/dev/null <<'PY'
import torch
from dictionary_learning.trainers.batch_top_k import BatchTopKTrainer
from dictionary_learning.trainers.jumprelu import JumpReluTrainer

common = dict(steps=100, warmup_steps=10, activation_dim=16, dict_size=64, layer=0, lm_name="none", device="cpu")


def jump(seed):
    return JumpReluTrainer(**common, sparsity_warmup_steps=10, seed=seed)


def batch(seed):
    return BatchTopKTrainer(**common, k=4, seed=seed)


def similarity(a, b):
    return torch.nn.functional.cosine_similarity(a, b, dim=0).mean().item()


pair = jump(0), jump(0)
control = batch(0), batch(0)
print("seeds reported:", [t.config["seed"] for t in pair])
print("same seed, mean cosine of the decoders at the start: JumpReLU", similarity(pair[0].ae.W_dec.T, pair[1].ae.W_dec.T))
print("                                                     BatchTopK", similarity(*(t.ae.decoder.weight for t in control)))
batch(7)
one = jump(1)
batch(7)
two = jump(2)
print("seeds 1 and 2, each after a BatchTopK trainer of seed 7: equal", torch.equal(one.ae.W_dec, two.ae.W_dec))
assert [t.config["seed"] for t in pair] == [0, 0]
assert not torch.equal(pair[0].ae.W_dec, pair[1].ae.W_dec)
assert torch.equal(control[0].ae.decoder.weight, control[1].ae.decoder.weight)
assert torch.equal(one.ae.W_dec, two.ae.W_dec)
PY
