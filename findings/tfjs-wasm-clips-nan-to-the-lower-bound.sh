#!/usr/bin/env bash
# Good guess: a NaN stays a NaN through tf.clipByValue and tf.maximum (as in TensorFlow, numpy and torch, and as tfjs's
#   own cpu backend does), so a run that diverged shows it in its loss.
# What happens: on the wasm backend clipByValue turns NaN into the lower bound, and maximum keeps a NaN only as its FIRST
#   argument: maximum(NaN, 1) is NaN, maximum(1, NaN) is 1. A clipped gradient, log(clip(p, eps, 1)) or a clipped
#   activation hides that its input was not a number, and training goes on with made-up zeros.
# Versions: @tensorflow/tfjs-core, -backend-cpu and -backend-wasm 4.22.0.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-backend-cpu@4.22.0 \
  @tensorflow/tfjs-backend-wasm@4.22.0
cat >run.cjs <<'JS'
const assert = require('node:assert/strict')
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-cpu')
require('@tensorflow/tfjs-backend-wasm')

async function on(backend) {
  await tf.setBackend(backend)
  const numbers = async (tensor) => [...(await tensor.data())]
  const some = tf.tensor1d([NaN, 1, 2])
  return {
    clip: await numbers(tf.clipByValue(some, 0.5, 1.5)),
    'maximum(NaN.., 1)': await numbers(tf.maximum(some, tf.scalar(1))),
    'maximum(1, NaN..)': await numbers(tf.maximum(tf.scalar(1), some)),
    'minimum(NaN.., 1)': await numbers(tf.minimum(some, tf.scalar(1))),
    'minimum(1, NaN..)': await numbers(tf.minimum(tf.scalar(1), some))
  }
}
async function main() {
  const cpu = await on('cpu')
  const wasm = await on('wasm')
  console.log('of [NaN, 1, 2], clipped to 0.5 .. 1.5')
  console.log('cpu ', cpu)
  console.log('wasm', wasm)
  for (const [name, got] of Object.entries(cpu)) assert.ok(Number.isNaN(got[0]), name)
  assert.deepEqual(wasm.clip, [0.5, 1, 1.5])
  assert.ok(Number.isNaN(wasm['maximum(NaN.., 1)'][0]) && Number.isNaN(wasm['minimum(NaN.., 1)'][0]))
  assert.deepEqual(wasm['maximum(1, NaN..)'], [1, 1, 2])
  assert.deepEqual(wasm['minimum(1, NaN..)'], [1, 1, 1])
}
main()
JS
node run.cjs
