#!/usr/bin/env bash
# Good guess: model.eval() only switches modes, so load_state_dict() and eval() may come in either order.
# What happens: overcomplete's DictionaryLayer computes the decoder that eval mode uses once, when eval() is called, and
#   load_state_dict does not undo that. A model that is first put into eval mode and then given a checkpoint ("all keys
#   matched") encodes with the checkpoint's encoder and decodes with its own random start. get_dictionary() is wrong too.
# Versions: overcomplete 0.3.0, torch 2.15.0. (matplotlib is held back, for 0.3.0 needs a function gone from 3.9 on.)
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" overcomplete==0.3.0 torch==2.15.0 torchvision==0.29.2 numpy==2.4.6 matplotlib==3.8.4
"$work/venv/bin/python" - <<'PY'
import torch
from overcomplete.metrics import r2_score
from overcomplete.sae import TopKSAE

torch.manual_seed(0)
trained = TopKSAE(16, 64, top_k=8)
x = torch.rand(512, 16)
optimizer = torch.optim.Adam(trained.parameters(), lr=3e-3)
for _ in range(400):
    optimizer.zero_grad()
    (x - trained(x)[2]).square().mean().backward()
    optimizer.step()
trained.eval()

early = TopKSAE(16, 64, top_k=8).eval()  # eval, then load
answer = early.load_state_dict(trained.state_dict())
late = TopKSAE(16, 64, top_k=8)  # load, then eval
late.load_state_dict(trained.state_dict())
late.eval()

with torch.no_grad():
    models = {"as trained": trained, "load, then eval": late, "eval, then load": early}
    r2 = {name: r2_score(x, model(x)[2]).item() for name, model in models.items()}
    same_codes = torch.equal(early(x)[1], trained(x)[1])
print(answer, "R2:", r2, "same codes:", same_codes)
assert not answer.missing_keys and not answer.unexpected_keys
assert same_codes and torch.allclose(late.get_dictionary(), trained.get_dictionary(), atol=1e-6)
assert not torch.allclose(early.get_dictionary(), trained.get_dictionary(), atol=0.1)
assert abs(r2["as trained"] - r2["load, then eval"]) < 1e-5
assert r2["as trained"] > 0.5 and r2["eval, then load"] < 0
PY
