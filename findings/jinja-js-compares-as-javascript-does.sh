#!/usr/bin/env bash
# Good guess: == in a chat template is Python's: text equals text alone, and two lists or dictionaries are equal if what they
#   hold is.
# What happens: @huggingface/jinja compares by JavaScript's == on what its values hold. Text equals the number that it spells,
#   the empty text equals 0, a list of one text equals that text, what is undefined equals none; and no two lists or
#   dictionaries are equal, not even [] == []. A template that asks "if message.tool_calls == []" or "content == 0" goes the
#   other way without an error. true is printed as "true", none as "" (Python: True, None).
# Versions: @huggingface/jinja (npm) 0.5.11 against Jinja2 (PyPI) 3.1.6, set up as transformers' apply_chat_template does.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install -q --no-compile Jinja2==3.1.6
npm install --silent --no-audit --no-fund --ignore-scripts @huggingface/jinja@0.5.11
cat >templates.json <<'JSON'
{
  "messages": [{ "role": "user", "content": "1", "parts": ["a"], "empty": [] }],
  "templates": [
    "{{ 'y' if messages[0].content == 1 else 'n' }}",
    "{{ 'y' if '' == 0 else 'n' }}",
    "{{ 'y' if messages[0].parts == 'a' else 'n' }}",
    "{{ 'y' if messages[0].missing == none else 'n' }}",
    "{{ 'y' if messages[0].empty == [] else 'n' }}",
    "{{ 'y' if messages[0] == {'role': 'user', 'content': '1', 'parts': ['a'], 'empty': []} else 'n' }}",
    "{{ 'y' if -1 % 2 == 1 else 'n' }}",
    "{{ true }} {{ none }} {{ [none, true] }}"
  ]
}
JSON
venv/bin/python - <<'PY'
import json

from jinja2.sandbox import ImmutableSandboxedEnvironment

environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
given = json.load(open("templates.json"))
texts = [environment.from_string(each).render(messages=given["messages"]) for each in given["templates"]]
json.dump(texts, open("python.json", "w"))
PY
cat >run.mjs <<'JS'
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Template } from '@huggingface/jinja'

const json = (file) => JSON.parse(readFileSync(file, 'utf8'))
const { messages, templates } = json('templates.json')
const python = json('python.json')
const javascript = templates.map((each) => new Template(each).render({ messages }))
templates.forEach((each, i) => {
  console.log(each)
  console.log('  Python:    ', JSON.stringify(python[i]))
  console.log('  JavaScript:', JSON.stringify(javascript[i]))
})
assert.deepEqual(python, ['n', 'n', 'n', 'n', 'y', 'y', 'y', 'True None [None, True]'])
assert.deepEqual(javascript, ['y', 'y', 'y', 'y', 'n', 'n', 'n', 'true  [null, true]'])
JS
node run.mjs
