#!/usr/bin/env bash
# Good guess: ActivationBuffer(remove_bos=True) of dictionary_learning leaves the BOS position of every text out of the training
#   rows; it is there because the norm of BOS activations is far out of line.
# What happens: it cuts off column 0 of the batch. nnsight, which it reads the model through, pads on the left, so column 0 is
#   padding (which the attention mask drops anyhow) in every text that is shorter than the longest of its batch, and BOS stays.
#   Only texts of the full length lose theirs. Of 4 texts of 9, 3, 4 and 2 tokens, 3 of 4 BOS vectors are trained on.
# Versions: dictionary-learning 0.1.0, nnsight 0.3.7 (which it requires), transformers 5.24.0, torch 2.15.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" dictionary-learning==0.1.0 nnsight==0.3.7 torch==2.15.0 \
  numpy==2.4.6 transformers==5.24.0 tokenizers==0.23.3 datasets==5.2.0 setuptools==84.2.1
cd "$work"
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 "$work/venv/bin/python" - 2>/dev/null <<'PY'
import torch
from dictionary_learning import ActivationBuffer
from nnsight import LanguageModel
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

torch.manual_seed(0)
vocab = {name: i for i, name in enumerate(["<bos>", "<eos>", "<unk>", *"abcdefgh"])}
tokenizer = Tokenizer(models.WordLevel(vocab, unk_token="<unk>"))
tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
tokenizer.post_processor = processors.TemplateProcessing(single="<bos> $A", special_tokens=[("<bos>", 0)])
PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, bos_token="<bos>", eos_token="<eos>", unk_token="<unk>"
).save_pretrained("model")
config = GPT2Config(
    vocab_size=len(vocab), n_embd=8, n_layer=1, n_head=2, n_positions=16, bos_token_id=0, eos_token_id=1
)
GPT2LMHeadModel(config).save_pretrained("model")

language_model = LanguageModel("model", device_map="cpu", dispatch=True)
embedding = language_model.transformer.wte  # its output tells which token a row is of
table = language_model._model.transformer.wte.weight.detach()
texts = ["a b c d e f g h", "a b", "c d e", "f"]
got = {}
for remove in (False, True):
    buffer = ActivationBuffer(
        iter(texts * 8), language_model, embedding, d_submodule=8, n_ctxs=8, ctx_len=9, refresh_batch_size=4,
        out_batch_size=10_000, remove_bos=remove,
    )
    rows = next(buffer)
    kinds = torch.cdist(rows.float(), table).argmin(dim=1)
    # a text has one BOS; "f" stands in two of the four texts
    got[remove] = (kinds == 0).sum().item() / ((kinds == 8).sum().item() / 2)
    print(f"remove_bos={remove}: {len(rows)} rows, {(kinds == 0).sum().item()} of BOS; BOS rows per 4 texts: about {got[remove]:.1f}")
print("nnsight pads on the", language_model.tokenizer.padding_side)
assert language_model.tokenizer.padding_side == "left"
assert 3.5 <= got[False] <= 4.5 and 2.5 <= got[True] <= 3.5, got
PY
