#!/usr/bin/env bash
# Good guess: PCARotatedSpaceIntervention exchanges the leading principal components between two inputs and leaves the rest of
#   the activation as it is; exchanged with itself, an activation stays what it was.
# What happens: the output is rebuilt from the components that the PCA keeps, the rest is replaced by the mean. With 2 of 8
#   components an activation that is exchanged with itself loses three quarters of its variance: the effect of "patching" is
#   mostly that of a mean ablation of everything else. (RotatedSpaceIntervention and its low-rank kind keep the rest.)
# Versions: pyvene 0.1.8, transformers 4.57.6, torch 2.15.0, scikit-learn 1.9.1.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" pyvene==0.1.8 transformers==4.57.6 torch==2.15.0 numpy==2.4.6 scikit-learn==1.9.1
"$work/venv/bin/python" -W ignore - <<'PY'
import numpy as np
import pyvene
import torch
from sklearn.decomposition import PCA

torch.manual_seed(0)
width, kept = 8, 2
rows = np.random.RandomState(0).randn(2000, width)
pca = PCA(kept).fit(rows)
intervention = pyvene.PCARotatedSpaceIntervention(embed_dim=width, pca=pca, pca_mean=rows.mean(0), pca_std=np.ones(width))
intervention.set_interchange_dim(kept)
low_rank = pyvene.LowRankRotatedSpaceIntervention(embed_dim=width, low_rank_dimension=kept)
x = torch.tensor(rows[:, None], dtype=torch.float32)
lost = {}
with torch.no_grad():
    for name, made in (("PCA", intervention), ("low-rank rotation", low_rank)):
        out = made(x.clone(), x.clone())
        lost[name] = ((out - x) ** 2).sum().item() / ((x - x.mean(0)) ** 2).sum().item()
        print(f"{name} of {kept} of {width} dimensions, activations exchanged with themselves: {lost[name]:.3f} of the variance is gone")
assert lost["PCA"] > 0.7 and lost["low-rank rotation"] < 1e-8
PY
