#!/usr/bin/env bash
# Good guess: safetensors.numpy.save_file({"W_enc": W_dec.T}) writes W_dec's transpose (as it did up to 0.7.0), or refuses
#   an array that is not contiguous, as safetensors.torch does.
# What happens: since 0.8.0 it hands Rust the address of the array's buffer and the array's shape, and the strides are
#   lost: the file has the shape of the transpose over the numbers in the order of the original. No error, the right shape
#   and norm, other weights. The same for every Fortran-ordered array: W.T, np.asfortranarray, what np.load returns for an
#   .npy or .npz of fortran_order, results of LAPACK. (The documentation does ask for contiguous arrays.)
# Versions: safetensors 0.8.0 and, as the control, 0.7.0; numpy 2.4.6.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >save.py <<'PY'
import sys

import numpy as np
import safetensors
from safetensors.numpy import load_file, save_file

rng = np.random.default_rng(0)
W_dec = rng.standard_normal((8, 3)).astype(np.float32)  # 8 latents, 3 dimensions
np.savez("params.npz", W_dec=np.asfortranarray(W_dec))
tied = {
    "W_enc": W_dec.T,  # a tied encoder
    "W_dec": np.load("params.npz")["W_dec"],  # the decoder, through a file that numpy wrote
    "contiguous": np.ascontiguousarray(W_dec.T),
}
save_file(tied, "sae.safetensors")
back = load_file("sae.safetensors")
right = {name: bool(np.array_equal(back[name], tied[name])) for name in tied}
print(safetensors.__version__, "read back as saved:", right)
print("  first row of W_enc saved", tied["W_enc"][0, :3], "read", back["W_enc"][0, :3], "- W_dec begins", W_dec[0])
good = safetensors.__version__ == "0.7.0"
assert right == {"W_enc": good, "W_dec": good, "contiguous": True}, right
assert all(back[name].shape == tied[name].shape for name in tied)
if not good:
    assert np.array_equal(back["W_enc"].reshape(8, 3), W_dec)  # the untransposed numbers
PY
for version in 0.7.0 0.8.0; do
  python3 -m venv "venv-$version"
  "venv-$version/bin/pip" install -q --no-compile safetensors==$version numpy==2.4.6
  "venv-$version/bin/python" save.py
done
