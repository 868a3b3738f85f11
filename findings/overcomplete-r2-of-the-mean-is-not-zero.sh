#!/usr/bin/env bash
# Good guess: r2_score is the usual R2 (explained variance) of a reconstruction: zero for a model that always answers the
#   mean, as its documentation says ("0 indicates that the reconstruction is as good as the mean").
# What happens: the variance is taken about ONE number, the mean over rows and dimensions together. Activations whose
#   dimensions have different means (every residual stream: a few dimensions are always large) make the denominator
#   large: answering the mean of each dimension, that is having learnt nothing but the bias, scores 0.97. train_sae logs it.
# Versions: overcomplete 0.3.0, scikit-learn 1.9.1 as the judge, torch 2.15.0. (matplotlib is held back, as 0.3.0 needs.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" overcomplete==0.3.0 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6 matplotlib==3.8.4 scikit-learn==1.9.1
"$work/venv/bin/python" - <<'PY'
import sklearn.metrics
import torch
from overcomplete.metrics import r2_score

torch.manual_seed(0)
means = torch.zeros(64)
means[[5, 17]] = torch.tensor([40.0, -25.0])  # two dimensions that are always large
x = torch.randn(4096, 64) + means
answers = {
    "mean of each dimension": x.mean(0).expand_as(x),
    "half of the deviation": x.mean(0) + 0.5 * (x - x.mean(0)),
    "everything": x,
}
got = {}
for name, x_hat in answers.items():
    judge = sklearn.metrics.r2_score(x, x_hat, multioutput="variance_weighted")
    got[name] = (r2_score(x, x_hat).item(), judge)
    print(f"{name}: overcomplete {got[name][0]:.4f}, scikit-learn {got[name][1]:.4f}")
assert abs(got["mean of each dimension"][1]) < 1e-6 and abs(got["half of the deviation"][1] - 0.75) < 1e-3
assert got["mean of each dimension"][0] > 0.97 and got["half of the deviation"][0] > 0.99
PY
