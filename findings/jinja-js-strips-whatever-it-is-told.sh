#!/usr/bin/env bash
# Good guess: text.strip('\n') in a chat template takes line breaks off and nothing else, in JavaScript as in Python. Templates
#   of published models do that to code and to reasoning: reasoning.strip('\n'), content.lstrip('\n').
# What happens: @huggingface/jinja does not look at the argument of strip, lstrip and rstrip. strip('\n') takes the indent of
#   the first line with it, strip('x') takes no x away. No error: the model gets another prompt than it was trained on.
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
  "messages": [{ "role": "assistant", "content": "\n    return 1\n" }],
  "templates": [
    "[{{ messages[0].content.strip('\\n') }}]",
    "[{{ messages[0].content.lstrip('\\n') }}]",
    "[{{ messages[0].content.rstrip('\\n') }}]",
    "[{{ 'xxaxx'.strip('x') }}]",
    "[{{ '  a  '.strip() }}]"
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
assert.deepEqual(python, ['[    return 1]', '[    return 1\n]', '[\n    return 1]', '[a]', '[a]'])
assert.deepEqual(javascript, ['[return 1]', '[return 1\n]', '[\n    return 1]', '[xxaxx]', '[a]'])
JS
node run.mjs
