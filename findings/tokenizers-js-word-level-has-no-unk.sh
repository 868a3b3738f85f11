#!/usr/bin/env bash
# Good guess: an unknown word of a WordLevel tokenizer (the kind that toy and synthetic models use) gets the id of the
#   unk_token named in tokenizer.json's model, in JavaScript as in Rust.
# What happens: @huggingface/tokenizers takes unk_token for WordLevel from tokenizer_config.json only. Without it there the
#   unknown word becomes the id undefined, which Int32Array.from makes 0, whatever token 0 is (here "the"; often <pad> or
#   <s>). BPE, Unigram and WordPiece read the model's own unk_token: WordPiece is the control.
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

from tokenizers import Tokenizer, models, pre_tokenizers

vocab = {"the": 0, "fox": 1, "runs": 2, "<unk>": 3}
out = {}
for kind in (models.WordLevel, models.WordPiece):
    tokenizer = Tokenizer(kind(vocab, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    out[kind.__name__] = {"file": json.loads(tokenizer.to_str()), "ids": tokenizer.encode("the cat runs").ids}
json.dump(out, open("cases.json", "w"))
PY
cat >run.mjs <<'JS'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Tokenizer } from '@huggingface/tokenizers'

const { WordLevel, WordPiece } = JSON.parse(readFileSync('cases.json', 'utf8'))
const ids = ({ file }, config = {}) => new Tokenizer(file, config).encode('the cat runs').ids
console.log('WordLevel: rust', WordLevel.ids, 'js', ids(WordLevel), 'as Int32Array', Int32Array.from(ids(WordLevel)))
console.log('WordLevel, unk_token also in the config: js', ids(WordLevel, { unk_token: '<unk>' }))
console.log('WordPiece: rust', WordPiece.ids, 'js', ids(WordPiece))
assert.deepEqual(WordLevel.ids, [0, 3, 2])
assert.deepEqual(ids(WordLevel), [0, undefined, 2])
assert.deepEqual(Int32Array.from(ids(WordLevel)), Int32Array.of(0, 0, 2))
assert.deepEqual(ids(WordLevel, { unk_token: '<unk>' }), [0, 3, 2])
assert.deepEqual(ids(WordPiece), WordPiece.ids)
JS
node run.mjs
