#!/usr/bin/env bash
# Good guess: an added token with single_word = true is found only where it stands as a word of its own, and one with
#   Metaspace's prepend_scheme = first gets the word mark only at the very beginning: in JavaScript as in Rust, since both
#   are written in tokenizer.json.
# What happens: @huggingface/tokenizers reads single_word and never uses it: "art" is cut out of "cartoon", and the pieces
#   around it become other tokens. And text that follows an added token found after normalisation counts as a beginning
#   again, so it gets a word mark that the Rust library does not put there. Other ids, more of them, no warning.
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

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

letters = {piece: i for i, piece in enumerate(["<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz"])}


def case(pre_tokenizer, token, text):
    tokenizer = Tokenizer(models.BPE(letters, [], unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.add_tokens([token])
    return {"file": json.loads(tokenizer.to_str()), "text": text, "tokens": tokenizer.encode(text).tokens}


json.dump({
    "word": case(pre_tokenizers.WhitespaceSplit(), AddedToken("art", single_word=True), "art cartoon"),
    "first": case(pre_tokenizers.Metaspace(prepend_scheme="first"), AddedToken("[act]"), "ab[act]cd"),
}, open("cases.json", "w"))  # fmt: skip
PY
cat >run.mjs <<'JS'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Tokenizer } from '@huggingface/tokenizers'

const { word, first } = JSON.parse(readFileSync('cases.json', 'utf8'))
const tokens = ({ file, text }) => new Tokenizer(file, {}).encode(text).tokens
for (const [name, one] of Object.entries({ word, first }))
  console.log(`${name}: ${one.text}  rust ${one.tokens.join(' ')}  js ${tokens(one).join(' ')}`)
assert.equal(word.tokens.join(' '), 'art c a r t o o n')
assert.equal(tokens(word).join(' '), 'art c art o o n')
assert.equal(first.tokens.join(' '), '▁ a b [act] c d')
assert.equal(tokens(first).join(' '), '▁ a b [act] ▁ c d')
JS
node run.mjs
