#!/usr/bin/env bash
# Good guess: tokenize_and_concatenate makes the same rows of a data set however many processes make them, and leaves out the last incomplete row.
# What happens: documents are joined within what one call of `map` gets, and every call drops its own end. With num_proc, 10 by default, each process
#   gets a tenth of the documents: of 100 documents of 300 tokens, 20 rows of 1,024 are left in place of 29, a third of the text gone. With fewer
#   documents each part is shorter than a row, and is filled up with EOS instead.
# Versions: transformer-lens 3.9.0, datasets 5.2.0. One process is the control.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q uv==0.13.9
"$work/venv/bin/uv" pip install -q --python "$work/venv/bin/python" transformer-lens==3.9.0 torch==2.15.0 numpy==2.4.6 transformers==5.24.0 datasets==5.2.0
cat > "$work/rows.py" <<'PY'
from datasets import Dataset, disable_progress_bars
from tokenizers import Tokenizer, models, pre_tokenizers
from transformer_lens.utils import tokenize_and_concatenate
from transformers import PreTrainedTokenizerFast

words = ["<end>", *(f"w{n}" for n in range(50))]


def tokenizer():
    raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<end>"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return PreTrainedTokenizerFast(tokenizer_object=raw, bos_token="<end>", eos_token="<end>")


def rows(documents, **how):
    texts = Dataset.from_dict({"text": [" ".join(f"w{(n + i) % 50}" for i in range(300)) for n in range(documents)]})
    found = tokenize_and_concatenate(texts, tokenizer(), max_length=1024, **how)["tokens"]
    return len(found), sum(int((row != 0).sum()) for row in found)


disable_progress_bars()
one, two, default = rows(100, num_proc=None), rows(100, num_proc=2), rows(100)
few, few_default = rows(30, num_proc=None), rows(30)
print("100 documents of 300 tokens, rows and tokens: one process", one, "two", two, "by default", default)
print("30 documents: one process", few, "by default", few_default)
assert one[0] == 29 and two[0] == 28 and default[0] == 20
assert default[1] < 0.7 * one[1]
assert few[0] == 8 and few_default[0] == 10
PY
PYTHONWARNINGS=ignore HF_HUB_OFFLINE=1 HF_HOME="$work/hf" OMP_NUM_THREADS=1 "$work/venv/bin/python" "$work/rows.py"
