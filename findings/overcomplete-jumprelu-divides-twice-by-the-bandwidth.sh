#!/usr/bin/env bash
# Good guess: the pseudo-derivative of JumpReLU by its threshold is that of the paper (Rajamanoharan et al. 2024), so its
#   mean over the data estimates the true derivative whatever the bandwidth is; the bandwidth trades bias for variance.
# What happens: overcomplete's kernels are already divided by the bandwidth, and the backward passes of jump_relu and
#   heaviside divide by it once more. The derivative is 1 / bandwidth too large: halve the bandwidth and the thresholds
#   move twice as fast, and at the default of 0.001 the gradient is a thousand times the true one.
# Versions: overcomplete 0.3.0, torch 2.15.0. (matplotlib is held back, for 0.3.0 needs a function gone from 3.9 on.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" overcomplete==0.3.0 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6 matplotlib==3.8.4
"$work/venv/bin/python" - <<'PY'
import torch
from overcomplete.sae import heaviside, jump_relu
from overcomplete.sae.kernels import rectangle_kernel, triangular_kernel

# z uniform on 0 .. 2, threshold 1: E[JumpReLU] = integral of z/2 from t to 2, so its derivative is -t/2 = -1/2;
# E[heaviside] = (2 - t)/2, derivative -1/2
z = torch.linspace(0, 2, 400_001)[:, None]


def derivative(step, kernel, bandwidth):
    threshold = torch.ones(1, requires_grad=True)
    step(z, threshold, kernel, torch.tensor(bandwidth)).sum().div(len(z)).backward()
    return threshold.grad.item()


print("true derivative by the threshold: -0.5")
for step in (jump_relu, heaviside):
    for kernel in (rectangle_kernel, triangular_kernel):
        got = {bandwidth: round(derivative(step, kernel, bandwidth), 3) for bandwidth in (1.0, 0.5, 0.1, 0.01, 0.001)}
        print(step.__name__, kernel.__name__, got)
        for bandwidth, value in got.items():
            assert abs(value * bandwidth + 0.5) < 0.01, (bandwidth, value)
PY
