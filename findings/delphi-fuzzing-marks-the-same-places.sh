#!/usr/bin/env bash
# Good guess: for fuzzing, delphi marks random tokens in the texts on which the latent is silent, as many as are marked in those on
#   which it fires: only the explanation tells the two sorts apart.
# What happens: the random generator is seeded with 22 anew for each text, and three quarters of the length is always taken first:
#   all silent texts have the very same places marked. And how many is the mean number of tokens with any activation, while in the
#   other texts only those of 30 % of the maximum or more are marked. For latents that fire weakly around their peak the silent
#   texts have 11 tokens marked and the others 1: a judge that reads no explanation and counts marks is right on 200 of 200.
#   A scorer model that sees several texts in one prompt, as is usual, sees the pattern.
# Versions: eai-delphi 0.1.3, torch 2.15.0. vllm, which only runs the language model, is left out.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" torch==2.15.0 numpy==2.4.6 transformers==5.24.0 \
  simple-parsing==0.1.9 orjson==3.11.4 blobfile==3.3.0 jaxtyping==0.3.11 asyncer==0.0.18 safetensors==0.8.0 beartype==0.23.1 httpx==0.28.1 \
  pandas==3.1.1 plotly==7.1.0 scikit-learn==1.9.1 faiss-cpu==1.15.1 sentence-transformers==6.2.0 tiktoken==0.13.0 sentencepiece==0.2.3
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" --no-deps eai-delphi==0.1.3 # without its vllm
"$work/venv/bin/python" - <<'PY'
import sys
from unittest.mock import MagicMock

for name in ("vllm", "vllm.distributed", "vllm.distributed.parallel_state", "vllm.inputs"):
    sys.modules[name] = MagicMock()  # runs the language model, which is not needed here

import torch
from delphi.latents import ActivatingExample, Latent, LatentRecord, NonActivatingExample
from delphi.scorers import FuzzingScorer

torch.manual_seed(0)
length = 32
words = [f" w{i}" for i in range(length)]


def firing():
    """A peak somewhere, and weak activations on some ten tokens around it."""
    activations = torch.zeros(length)
    peak = int(torch.randint(6, 26, ()))
    activations[peak - 5 : peak + 6] = 0.05 + 0.15 * torch.rand(11)
    activations[peak] = 1 + torch.rand(())
    return ActivatingExample(tokens=torch.arange(length), activations=activations, str_tokens=words)


silent = [NonActivatingExample(torch.arange(length), torch.zeros(length), words) for _ in range(100)]
record = LatentRecord(Latent("layers.1", 0), test=[firing() for _ in range(100)], not_active=silent)
samples = FuzzingScorer(client=None)._prepare(record)


def marked(text):
    """The places of the marked words."""
    inside, places = False, []
    for word in text.replace("<<", " << ").replace(">>", " >> ").split():
        if word in ("<<", ">>"):
            inside = word == "<<"
        elif inside:
            places.append(int(word[1:]))
    return tuple(places)


places = {sort: [marked(sample.text) for sample in samples if sample.data.activating == sort] for sort in (True, False)}
counts = {sort: sorted({len(each) for each in all_of}) for sort, all_of in places.items()}
distinct = {sort: len(set(all_of)) for sort, all_of in places.items()}
right = sum((len(marked(sample.text)) < 6) == sample.data.activating for sample in samples)
print(f"marked tokens: {counts[True]} where it fires, {counts[False]} where it is silent")
print(f"different sets of marked places: {distinct[True]} of 100 where it fires, {distinct[False]} of 100 where it is silent")
print(f"by the number of marks alone {right} of {len(samples)} are told apart")
assert distinct[False] == 1 and distinct[True] > 10
assert right == len(samples) == 200
PY
