#!/usr/bin/env bash
# Good guess: delphi's surprisal scorer measures how likely each text is after the explanation, whose keys and values are computed once and
#   used for every batch: a text's loss depends on the explanation and the text.
# What happens: the model writes each batch's keys and values into that same cache. So the second batch of texts is read after the
#   explanation and the first batch, the third after both, and so on: with other texts in the first batch, the losses of the second
#   change (by up to 0.07 nats in a random model of two layers; its own losses differ as much from those of the same texts scored first).
#   Texts are shuffled beforehand, so that it is chance which ones are read after what.
# Versions: eai-delphi 0.1.3, torch 2.15.0, transformers 5.24.0. vllm, which only runs the language model, is left out.
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
import warnings
from unittest.mock import MagicMock

warnings.filterwarnings("ignore")
for name in ("vllm", "vllm.distributed", "vllm.distributed.parallel_state", "vllm.inputs"):
    sys.modules[name] = MagicMock()  # runs the language model, which is not needed here

import numpy as np
import torch
from delphi.scorers.surprisal.surprisal import Sample, SurprisalOutput, SurprisalScorer
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

torch.manual_seed(0)
words = [f"w{i}" for i in range(50)]
vocabulary = {word: i for i, word in enumerate(["<unk>", "</s>", *words])}
tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=4096,
    )
).eval()
model.tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>", eos_token="</s>")
scorer = SurprisalScorer(model, verbose=False, batch_size=10)
generator = torch.Generator().manual_seed(1)


def texts(count):
    draw = lambda: words[int(torch.randint(50, (), generator=generator))]
    return [" ".join(draw() for _ in range(12)) for _ in range(count)]


def losses(all_of):
    samples = [Sample(text, [], SurprisalOutput(text, 0)) for text in all_of]
    return np.array(scorer.compute_loss_with_kv_cache("w1 w2 w3", samples, batch_size=10))


first, second, other = texts(10), texts(10), texts(10)
alone = losses(second)
after_first, after_other = losses(first + second)[10:], losses(other + second)[10:]
print(f"the same ten texts, scored first or after ten others: largest difference {np.abs(after_first - alone).max():.4f} nats")
print(f"after ten texts, or after ten other ones: largest difference {np.abs(after_first - after_other).max():.4f} nats")
print(f"scored first, twice: {np.abs(losses(second) - alone).max():.1e}; the first batch, whatever comes after: {np.abs(losses(first + second)[:10] - losses(first)).max():.1e}")
assert np.abs(after_first - alone).max() > 0.01
assert np.abs(after_first - after_other).max() > 0.01
assert np.abs(losses(second) - alone).max() < 1e-5
assert np.abs(losses(first + second)[:10] - losses(first)).max() < 1e-5
PY
