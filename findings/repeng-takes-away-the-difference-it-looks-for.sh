#!/usr/bin/env bash
# Good guess: a control vector is the direction in which the positive prompts differ from the negative ones. "pca_diff", the
#   default, takes the first principal component of the differences; where all pairs differ alike, that is what they share.
# What happens: scikit-learn's PCA takes the mean away first, and the mean of (positive - negative) is what they share. What is
#   left is how the pairs differ from each other: here 92 % of every difference is one and the same vector, and the direction
#   that is found is at a right angle to it. (Representation engineering, from which the method is, shuffles the signs.)
#   "pca_center" keeps the sign of each half and finds it.
# Versions: repeng 0.4.0, scikit-learn 1.9.1, transformers 4.57.6, torch 2.15.0, numpy 1.26.4.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" repeng==0.4.0 transformers==4.57.6 torch==2.15.0 numpy==1.26.4 scikit-learn==1.9.1
"$work/venv/bin/python" - <<'PY' 2> "$work/progress" || { cat "$work/progress"; exit 1; }
import numpy as np
import torch
from repeng import ControlModel, ControlVector, DatasetEntry
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

torch.manual_seed(0)
words = ["<pad>", "glad", "sad", *(f"word{i}" for i in range(97))]
inner = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="<pad>"))
inner.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer = PreTrainedTokenizerFast(tokenizer_object=inner, pad_token="<pad>")
model = GPT2LMHeadModel(GPT2Config(n_layer=3, n_head=2, n_embd=64, vocab_size=100, initializer_range=0.1)).eval()

# 40 pairs of prompts that differ in the last word alone
pairs = [(f"{a} glad", f"{a} sad") for a in (" ".join(f"word{(7 * i + 13 * j) % 97}" for j in range(6)) for i in range(40))]
dataset = [DatasetEntry(positive=p, negative=n) for p, n in pairs]

layer = 1  # counted from 0: hidden_states[2]
with torch.no_grad():
    last = lambda text: model(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states[layer + 1][0, -1]
    differences = torch.stack([last(p) - last(n) for p, n in pairs]).numpy()
shared = differences.mean(0)
share = (shared**2).sum() / (differences**2).sum(1).mean()
print(f"share of the differences' squared length that all pairs have in common: {share:.3f}")

control = ControlModel(model, [layer])
found = {}
for method in ("pca_diff", "pca_center"):
    vector = ControlVector.train(control, tokenizer, dataset, method=method, hidden_layers=[layer])
    direction = vector.directions[layer]
    found[method] = float(direction @ shared / np.linalg.norm(direction) / np.linalg.norm(shared))
    print(f"cosine of the control vector with the mean difference, {method}: {found[method]:.3f}")
assert share > 0.9 and abs(found["pca_diff"]) < 0.2 and found["pca_center"] > 0.95
PY
