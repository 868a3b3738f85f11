#!/usr/bin/env bash
# Good guess: tf.cast(activations, 'bool') is "not zero", as TensorFlow defines it, on every backend; so
#   tf.sum(tf.cast(f, 'bool')) is the number of latents that fire.
# What happens: the wasm backend's Cast copies the floats into an Uint8Array. What lies strictly between 0 and 1 becomes
#   false, 2.5 becomes the byte 2 and 256 becomes 0: the L0 of a usual code, whose activations are mostly below 1, comes
#   out several times too small, without a warning; and a "bool" of 2 counts twice. The cpu backend is right.
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

const values = [0, 0.02, 0.4, 0.99, 1, 2.5, 256]
async function on(backend) {
  await tf.setBackend(backend)
  const fires = tf.cast(tf.tensor1d(values), 'bool')
  return { bytes: [...(await fires.data())].map(Number), l0: (await tf.sum(fires).data())[0] }
}
async function main() {
  const cpu = await on('cpu')
  const wasm = await on('wasm')
  console.log('activations  ', values.join(' '))
  console.log('cpu:  as bool', cpu.bytes.join(' '), ' their sum', cpu.l0)
  console.log('wasm: as bool', wasm.bytes.join(' '), ' their sum', wasm.l0)
  assert.deepEqual(cpu, { bytes: [0, 1, 1, 1, 1, 1, 1], l0: 6 })
  assert.deepEqual(wasm, { bytes: [0, 0, 0, 0, 1, 2, 0], l0: 3 })
}
main()
JS
node run.cjs
