#!/usr/bin/env bash
# Good guess: a sum or mean of many float32 numbers is summed pairwise or in blocks (numpy, torch, Eigen), so a mean over
#   some ten million activations is good to about 1e-6; and JavaScript adds in float64 anyhow.
# What happens: the wasm backend adds into one float32. Counting stops at 2^24: the sum of twenty million ones is
#   16,777,216, and the mean of twenty million times 0.1 is 0.10486, 4.9 % too high. That is no more than 26,000 rows of
#   GPT-2's residual stream. The cpu backend is exact here.
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

const n = 20_000_000
async function on(backend) {
  await tf.setBackend(backend)
  const number = async (make) => (await tf.tidy(make).data())[0]
  const sum = await number(() => tf.sum(tf.fill([n], 1)))
  const mean = await number(() => tf.mean(tf.fill([n], 0.1)))
  return { sum, mean }
}
async function main() {
  const cpu = await on('cpu')
  const wasm = await on('wasm')
  console.log('sum of 20,000,000 ones, mean of as many 0.1')
  console.log('cpu ', cpu)
  console.log('wasm', wasm)
  assert.equal(cpu.sum, n)
  assert.ok(Math.abs(cpu.mean - 0.1) < 1e-8)
  assert.equal(wasm.sum, 2 ** 24)
  assert.ok(Math.abs(wasm.mean / 0.1 - 1.0486) < 1e-3)
}
main()
JS
node run.cjs
