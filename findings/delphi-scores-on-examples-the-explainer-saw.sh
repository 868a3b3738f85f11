#!/usr/bin/env bash
# Good guess: delphi scores an explanation on held-out activating examples: the sampler's train and test examples are
#   disjoint ("examples to sample for latent explanation generation" and "... testing").
# What happens: sampler() draws both from the same list, and split_quantiles seeds the generator with 22 both times, so
#   the draws agree from the start. With the defaults (40 to explain, 50 to score, 10 quantiles) and a latent of 200
#   examples, 20 of the 50 scored examples are ones that the explainer was shown; with 5,000 examples still 10, where
#   independent draws would share 0.4.
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
from delphi.config import SamplerConfig
from delphi.latents import ActivatingExample, Latent, LatentRecord
from delphi.latents.samplers import sampler


class Tokenizer:
    def batch_decode(self, tokens):
        return [str(int(token)) for token in tokens]


shared = {}
for n in (200, 1000, 5000):
    # n examples, numbered by their one token, in descending order of activation as delphi's constructor leaves them
    examples = [ActivatingExample(tokens=torch.tensor([i]), activations=torch.tensor([float(n - i)])) for i in range(n)]
    record = sampler(LatentRecord(Latent("layers.1", 0), examples=examples), SamplerConfig(), Tokenizer())
    train, test = ({int(example.tokens) for example in drawn} for drawn in (record.train, record.test))
    shared[n] = len(train & test)
    print(f"{n} examples: {len(train)} to explain, {len(test)} to score, {shared[n]} are both; by chance {40 * 50 / n:g}")
    assert len(train) == 40 and len(test) == 50
assert shared == {200: 20, 1000: 11, 5000: 10}
PY
