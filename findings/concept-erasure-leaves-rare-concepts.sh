#!/usr/bin/env bash
# Good guess: after LEACE no linear classifier finds the concept any better than by guessing, on the data that it was fitted
#   on: the class means are equal. That is what the method is proved to do.
# What happens: directions whose whitened covariance with the label is below svd_tol = 0.01 are left alone, and that covariance
#   is bounded by the label's standard deviation. For a concept that stands on 1 token in 500 it is too small however well the
#   concept can be read: the eraser is the identity, without a word, and the classifier is as good as before. Labels of 0 and
#   100 in place of 0 and 1 (the same concept) are erased.
# Versions: concept-erasure 0.2.4, scikit-learn 1.9.1, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" concept-erasure==0.2.4 torch==2.15.0 numpy==2.4.6 scikit-learn==1.9.1
"$work/venv/bin/python" -W ignore - <<'PY'
import torch
from concept_erasure import LeaceEraser
from sklearn.metrics import roc_auc_score

torch.manual_seed(0)
rows, width = 50_000, 32
got = {}
for every in (100, 500):
    label = (torch.arange(rows) % every == 0).float()[:, None]
    x = torch.randn(rows, width)
    x[:, 0] += 3 * label[:, 0]  # three standard deviations apart
    for unit in (1, 100):
        erased = LeaceEraser.fit(x, unit * label)(x)
        on, off = erased[label[:, 0] == 1], erased[label[:, 0] == 0]
        auc = roc_auc_score(label[:, 0], erased[:, 0])  # by the direction of the concept
        moved = (erased - x).abs().max().item()
        apart = (on.mean(0) - off.mean(0)).norm().item()
        got[every, unit] = (apart, moved, auc)
        print(f"1 token in {every}, labels 0 and {unit}: means {apart:.4f} apart, AUC {auc:.3f}, rows moved by at most {moved:.2f}")
assert got[100, 1][0] < 1e-3 and got[100, 100][0] < 1e-3 and got[500, 100][0] < 1e-3
assert got[500, 1][0] > 2.5 and got[500, 1][1] == 0 and got[500, 1][2] > 0.95
PY
