#!/usr/bin/env bash
# Good guess: delphi's center_examples (default True) centres each example on the latent's activation; False takes the
#   text window as it lies, with the activation anywhere in it. That is what its documentation says.
# What happens: the branches are swapped. True calls pool_max_activation_windows, the plain windows; False calls
#   pool_centered_activation_windows, puts the activation at three quarters of every example, and drops all windows at the
#   beginning and end of a cached context (a quarter of them with the defaults: 256 tokens cut into 8 windows of 32). An
#   explainer asked for plain windows always sees eight tokens of what follows and never a sentence start.
# Versions: eai-delphi 0.1.3, torch 2.15.0. vllm, which only runs the language model, is left out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" torch==2.15.0 numpy==2.4.6 transformers==5.24.0 \
  simple-parsing==0.1.9 orjson==3.11.4 blobfile==3.3.0 jaxtyping==0.3.11 asyncer==0.0.18 safetensors==0.8.0 \
  pandas==3.1.1 plotly==7.1.0 scikit-learn==1.9.1 faiss-cpu==1.15.1 sentence-transformers==6.2.0
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps eai-delphi==0.1.3 # without its vllm
"$work/venv/bin/python" - <<'PY'
import torch
from delphi.config import ConstructorConfig
from delphi.latents import Latent, LatentRecord, constructor
from delphi.latents.latents import ActivationData

torch.manual_seed(0)
contexts, length, window = 64, 256, 32
tokens = torch.arange(contexts * length).reshape(contexts, length)
windows = torch.tensor([0, 2, 5, 7])  # one activation in each of these, none in their neighbours
position = windows * window + torch.randint(window, (contexts, len(windows)))
where = [torch.arange(contexts).repeat_interleave(len(windows)), position.flatten(), torch.zeros(position.numel(), dtype=int)]
data = ActivationData(torch.stack(where, dim=1), torch.rand(position.numel()) + 0.5)

got = {}
for center in (True, False):
    config = ConstructorConfig(center_examples=center, n_non_activating=0, min_examples=1)
    record = constructor(LatentRecord(Latent("layers.1", 0)), data, config, tokens, None)
    at = {int(example.activations.argmax()) for example in record.examples}
    got[center] = (len(record.examples), at)
    print(f"center_examples={center}: {len(record.examples)} examples, activation at positions {sorted(at)}")
assert got[True] == (256, set(range(32)))
assert got[False] == (128, {24})  # windows 0 and 7 of each context are gone
PY
