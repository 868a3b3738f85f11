#!/usr/bin/env bash
# Good guess: delphi's detection and fuzzing scorers judge every example; where their number is no multiple of n_examples_shown, the
#   last request is a shorter one.
# What happens: the last request is shorter, but its answer must still have n_examples_shown numbers. The model that answers it
#   rightly, with as many as it was shown, fails an assertion that is caught: these examples have no prediction. The model that invents the
#   numbers that are missing is believed. Of 12 examples, 5 a request, a perfect judge gets 10 scored, and one that always says five
#   numbers 12. (And failed_count, which should show it, is always 0: see delphi-layer-1-includes-layers-10-to-19.)
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
from delphi.clients.client import Client, Response
from delphi.latents import ActivatingExample, Latent, LatentRecord, NonActivatingExample
from delphi.scorers import DetectionScorer

words = [" yes"], [" no"]
fires = [ActivatingExample(torch.tensor([0]), torch.tensor([1.0]), str_tokens=words[0]) for _ in range(6)]
silent = [NonActivatingExample(torch.tensor([1]), torch.tensor([0.0]), words[1]) for _ in range(6)]


class Judge(Client):
    """Knows the answer to every example that it is shown, and writes `least` numbers or more."""

    def __init__(self, least):
        self.least = least

    async def generate(self, prompt, **_):
        shown = prompt[-1]["content"].split("Example 0:")[-1].splitlines()
        answers = [1 if "yes" in line else 0 for line in shown if " yes" in line or " no" in line]
        return Response(str(answers + [0] * (self.least - len(answers))))


got = {}
for name, least in (("as many numbers as examples", 0), ("always five numbers", 5)):
    record = LatentRecord(Latent("layers.1", 0), test=fires, not_active=silent, explanation="yes")
    score = DetectionScorer(Judge(least), n_examples_shown=5).call_sync(record).score
    got[least] = sum(output.prediction is not None for output in score)
    wrong = sum(output.correct is False for output in score)
    print(f"{name}: {len(score)} of 12 examples come back, {got[least]} with a prediction, {wrong} of these wrong")
assert got == {0: 10, 5: 12}, got
PY
