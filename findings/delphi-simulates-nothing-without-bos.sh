#!/usr/bin/env bash
# Good guess: delphi's simulation scorer works with any tokenizer that has a chat template; where something cannot be simulated it
#   says so, by an exception or by a score that is missing.
# What happens: the tab before each activation is found as tokenizer.encode("\t")[1], "to skip BOS". A tokenizer that puts none there
#   (GPT-2's, Qwen's, OLMo's) has no second token: the IndexError is caught for each text, logged as a warning, and the simulated
#   activations are zeros. Every latent's simulation score is then NaN, or, where a reader takes NaN for 0 as delphi's own helper
#   does, 0: the best explanation and none at all are one. The same answers with a BOS in front give a correlation of 1.
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
import asyncio
import math
import re
import sys
import warnings
from collections import namedtuple
from unittest.mock import MagicMock

for name in ("vllm", "vllm.distributed", "vllm.distributed.parallel_state", "vllm.inputs"):
    sys.modules[name] = MagicMock()  # runs the language model, whose answers are made up here
warnings.filterwarnings("ignore")

import torch
from delphi.clients.client import Client, Response
from delphi.latents import ActivatingExample, Latent, LatentRecord
from delphi.scorers import OpenAISimulator

words = [" the", " cat", " sat", " on", " a", " mat"]
truth = [0, 10, 0, 0, 0, 7]
Logprob = namedtuple("Logprob", ["logprob", "decoded_token"])


class Tokenizer:
    """Tabs, line breaks and what is between are a token each; a turn begins with its role and two more tokens."""

    def __init__(self, bos):
        self.ids, self.bos = {}, bos

    def id(self, piece):
        return self.ids.setdefault(piece, len(self.ids))

    def encode(self, text):
        return [*(self.id("<bos>") for _ in range(self.bos)), *(self.id(piece) for piece in re.findall(r"[\t\n]|[^\t\n]+", text))]

    def apply_chat_template(self, messages, add_generation_prompt):
        turns = [(turn["role"] == "assistant", turn["content"]) for turn in messages] + [(True, "")]
        return [
            token
            for assistant, content in turns
            for token in (self.id(assistant), self.id("<end>"), self.id("<break>"), *self.encode(content)[self.bos :])
        ]

    def batch_decode(self, tokens):
        return [words[int(token)] for token in tokens]


class Knows(Client):
    """Is certain of the right activation of every token."""

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    async def generate(self, prompt, **_):
        tokens = self.tokenizer.apply_chat_template(prompt, add_generation_prompt=True)
        tabs = [i for i, token in enumerate(tokens) if token == self.tokenizer.id("\t")][-len(words) :]
        return Response("", prompt_logprobs={i + 1: {0: Logprob(0.0, str(value))} for i, value in zip(tabs, truth)})


got = {}
for bos in (1, 0):
    tokenizer = Tokenizer(bos)
    activations = torch.tensor([float(value) for value in truth])
    example = ActivatingExample(torch.arange(len(words)), activations, activations, words)
    record = LatentRecord(Latent("layers.1", 0), test=[example])
    record.explanation = "nouns"
    (group,) = asyncio.run(OpenAISimulator(Knows(tokenizer), tokenizer)(record)).score
    simulated = group.scored_sequence_simulations[0].simulation.expected_activations
    got[bos] = float(group.ev_correlation_score), simulated
    print(f"tokenizer {'with' if bos else 'without'} BOS: simulated {simulated}, correlation {group.ev_correlation_score}")
assert got[1][1] == truth and abs(got[1][0] - 1) < 1e-9
assert got[0][1] == [0.0] * len(words) and math.isnan(got[0][0])
PY
