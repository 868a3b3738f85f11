#!/usr/bin/env bash
# Good guess: where several numbers share the maximum, tf.max hands its gradient out once: to one of them (torch.max) or in equal
#   parts (TensorFlow, torch.amax, jax). Raising all inputs by h raises the maximum by h, so the gradient sums to 1.
# What happens: tfjs gives every tied number the whole gradient; over n ties it sums to n. Ties are the rule behind a ReLU: the
#   largest activation of a latent that is silent in a context is a maximum over zeros, and a penalty on it pushes n times as hard
#   as on a latent that fires. tf.min, tf.norm(x, Infinity) and whatever is built on them do the same, on every backend: it is in
#   tfjs-core.
# Versions: @tensorflow/tfjs 4.22.0 (cpu backend).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0
cat >run.cjs <<'JS'
const assert = require('node:assert/strict')
const tf = require('@tensorflow/tfjs')

const numbers = (tensor) => [...tensor.dataSync()]
const sum = (values) => values.reduce((a, b) => a + b, 0)
async function main() {
  await tf.setBackend('cpu')
  const gradient = (f, x) => numbers(tf.grad(f)(tf.tensor(x)))
  // What raising all inputs together does to the result, by a difference.
  const together = (f, x) => numbers(tf.sub(f(tf.tensor(x.map((v) => v + 0.5))), f(tf.tensor(x))))[0] / 0.5
  const cases = [
    ['max', (x) => tf.max(x), [1, 1, 0]],
    ['min', (x) => tf.min(x), [1, 1, 2]],
    ['largest norm', (x) => tf.norm(x, Infinity), [2, 2, 1]],
    ['max of 8 zeros', (x) => tf.max(x), [0, 0, 0, 0, 0, 0, 0, 0]],
    ['max without ties', (x) => tf.max(x), [1, 2, 0]]
  ]
  for (const [name, f, x] of cases) {
    console.log(`${name} of [${x}]: gradient [${gradient(f, x)}], sum ${sum(gradient(f, x))}, by a difference ${together(f, x)}`)
  }
  const sums = cases.map(([, f, x]) => sum(gradient(f, x)))
  assert.deepEqual(sums, [2, 2, 2, 8, 1])
  for (const [, f, x] of cases) assert.equal(together(f, x), 1)
}
main()
JS
node run.cjs 2>&1 | grep -v '^$\|^===\|^Hi, looks'
