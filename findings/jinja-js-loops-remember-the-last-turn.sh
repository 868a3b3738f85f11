#!/usr/bin/env bash
# Good guess: a variable that a chat template sets in a loop is gone in the next turn of the loop, as in Jinja; what has to live
#   on is kept in a namespace(), which is why templates use one.
# What happens: all turns of a loop share one scope in @huggingface/jinja. What one message has set is still set for the next, so
#   a template that marks one message marks all after it; macros, likewise, see the variables of whoever calls them. No error.
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
  "messages": [{ "role": "user", "content": "a", "name": "Ann" }, { "role": "user", "content": "b" }],
  "templates": [
    "{% for m in messages %}{% if m.name %}{% set who = m.name + ': ' %}{% endif %}{{ who }}{{ m.content }};{% endfor %}",
    "{% set who = '-' %}{% for m in messages %}{{ who }}{% set who = m.content %}{% endfor %}",
    "{% macro name() %}{{ who }}{% endmacro %}{% for m in messages %}{% set who = m.content %}[{{ name() }}]{% endfor %}",
    "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}"
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
assert.deepEqual(python, ['Ann: a;b;', '--', '[][]', '2'])
assert.deepEqual(javascript, ['Ann: a;Ann: b;', '-a', '[a][b]', '2'])
JS
node run.mjs
