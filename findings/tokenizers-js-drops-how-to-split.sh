#!/usr/bin/env bash
# Good guess: a tokenizer.json is complete: the JavaScript tokenizer splits by the pattern AND the behaviour that it names
#   (merged_with_previous, merged_with_next, contiguous, removed), and gives the ids of the Rust library that wrote it.
# What happens: @huggingface/tokenizers knows only isolated (and, for Split, removed). The other behaviours are read as
#   isolated, Punctuation has none at all: it always cuts runs of punctuation out as one piece, even for removed. Nothing
#   is said; the ids are others, and there are more of them, so token positions of cached activations shift.
# Versions: @huggingface/tokenizers (npm) 0.2.0 against tokenizers (PyPI, Rust) 0.23.3.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --no-compile tokenizers==0.23.3
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/tokenizers@0.2.0
venv/bin/python - <<'PY'
import json

from tokenizers import Regex, Tokenizer, models
from tokenizers.pre_tokenizers import Punctuation, Split

text = "it's  late, go!! now"
cases = {f"Split, {how}": Split(Regex(r"\s"), how)
         for how in ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")}  # fmt: skip
cases |= {f"Punctuation, {how}": Punctuation(how)
          for how in ("isolated", "removed", "merged_with_previous", "merged_with_next", "contiguous")}  # fmt: skip
out = []
for name, split in cases.items():
    pieces = [piece for piece, _ in split.pre_tokenize_str(text)]
    # a vocabulary that holds every piece of either library, so that ids are pieces
    tokenizer = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer.pre_tokenizer = split
    out.append({"name": name, "file": json.loads(tokenizer.to_str()), "pieces": pieces})
json.dump({"text": text, "cases": out}, open("cases.json", "w"))
PY
cat >run.mjs <<'JS'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Tokenizer } from '@huggingface/tokenizers'

const { text, cases } = JSON.parse(readFileSync('cases.json', 'utf8'))
const differ = []
for (const { name, file, pieces } of cases) {
  const got = new Tokenizer(file, { unk_token: '?' }).pre_tokenizer(text)
  if (got.join('|') !== pieces.join('|')) differ.push(name)
  console.log(`${name}: rust ${pieces.join('|')}  js ${got.join('|')}`)
}
const merged = ['merged_with_previous', 'merged_with_next']
assert.deepEqual(differ, [
  ...[...merged, 'contiguous'].map((how) => `Split, ${how}`),
  ...['isolated', 'removed', ...merged].map((how) => `Punctuation, ${how}`)
])
JS
node run.mjs
