#!/usr/bin/env bash
# Good guess: JumpReLUAutoencoderIntervention exchanges the latents of an SAE between two inputs; told nothing else, all of them:
#   what comes out is the SAE's reconstruction of the source.
# What happens: the number of exchanged coordinates, interchange_dim, starts as the width of the MODEL. Of an SAE of 32 latents
#   on 8 dimensions the first 8 latents are exchanged and 24 stay the base's, by no order but that of their indices. The sibling
#   AutoencoderIntervention takes the same number for an INDEX: it exchanges latent 8 alone.
# Versions: pyvene 0.1.8, transformers 4.57.6, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" pyvene==0.1.8 transformers==4.57.6 torch==2.15.0 numpy==2.4.6
"$work/venv/bin/python" -W ignore - <<'PY'
import pyvene
import torch

torch.manual_seed(0)
width, latents = 8, 32
base, source = torch.randn(2, 3, width), torch.randn(2, 3, width)

jumprelu = pyvene.JumpReLUAutoencoderIntervention(embed_dim=width, low_rank_dimension=latents)
jumprelu.W_enc.data, jumprelu.W_dec.data = torch.randn(width, latents), torch.randn(latents, width)
plain = pyvene.AutoencoderIntervention(embed_dim=width, latent_dim=latents)

def taken(encode, decode, out, index):
    """How far the output is from a decoded mixture that has the source's latents at `index`."""
    mixture = encode(base).clone()
    mixture[..., index] = encode(source)[..., index]
    return (out - decode(mixture)).abs().max().item()

got = {}
with torch.no_grad():
    for name, made, encode, decode in (
        ("JumpReLU", jumprelu, jumprelu.encode, jumprelu.decode),
        ("plain", plain, plain.autoencoder.encode, plain.autoencoder.decode),
    ):
        out = made(base.clone(), source.clone())
        got[name] = [taken(encode, decode, out, i) for i in (slice(None), slice(0, width), [width])]
        print(f"{name}: distance from all latents exchanged {got[name][0]:.2g}, the first {width} {got[name][1]:.2g}, number {width} alone {got[name][2]:.2g}")
assert got["JumpReLU"][1] == 0 and got["JumpReLU"][0] > 1 and got["JumpReLU"][2] > 1
assert got["plain"][2] < 1e-6 and got["plain"][0] > 0.1 and got["plain"][1] > 0.01
PY
