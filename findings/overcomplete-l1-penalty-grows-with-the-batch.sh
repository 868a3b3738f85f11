#!/usr/bin/env bash
# Good guess: mse_l1 = mean squared error + penalty * mean L1 norm of the codes: both are means, so the trade-off does not
#   depend on the batch size (and a run on eight times the batch keeps its penalty).
# What happens: the penalty takes l1(codes) without an axis, which is one sum over the whole batch; the mean around it is
#   the mean of one number. The L1 term grows with the number of rows while the error term does not. mse_hoyer, built from
#   the same function, is a true mean over rows.
# Versions: overcomplete 0.3.0, torch 2.15.0. (matplotlib is held back, for 0.3.0 needs a function gone from 3.9 on.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" overcomplete==0.3.0 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6 matplotlib==3.8.4
"$work/venv/bin/python" - <<'PY'
import torch
from overcomplete.sae.losses import mse_hoyer, mse_l1

torch.manual_seed(0)
x, x_hat, codes = torch.rand(8, 16), torch.rand(8, 16), torch.rand(8, 64)
penalty = 1e-3
error = (x - x_hat).square().mean()
print("mean squared error", error.item(), "mean L1 norm of a row's code", codes.sum(1).mean().item())
terms = {}
for loss in (mse_l1, mse_hoyer):
    for times in (1, 8, 128):
        batch = [t.repeat(times, 1) for t in (x, x_hat)]
        value = loss(*batch, None, codes.repeat(times, 1), None, penalty=penalty)
        terms[loss is mse_l1, times] = (value - error).item() / penalty
print("penalty term / coefficient, of the same rows repeated 1, 8 and 128 times")
for name, is_l1 in (("mse_l1", True), ("mse_hoyer", False)):
    print(name, [round(terms[is_l1, times], 3) for times in (1, 8, 128)])
for times in (1, 8, 128):
    assert abs(terms[True, times] / (codes.sum(1).mean().item() * 8 * times) - 1) < 1e-3
    assert abs(terms[False, times] / terms[False, 1] - 1) < 1e-2
PY
