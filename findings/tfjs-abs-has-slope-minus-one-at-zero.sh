#!/usr/bin/env bash
# Good guess: the gradient of |w| at w = 0 is 0, as in TensorFlow (sign(0)), torch and jax; a weight that an L1 penalty has
#   brought to exactly zero stays there.
# What happens: tfjs uses step(x, -1), which is -1 for zero (and for NaN it is NaN). The penalty itself drives a zero
#   weight upwards: with nothing but an L1 term, SGD moves it to + lr * lambda, back to zero, and so on for ever; Adam takes
#   a whole learning rate at once. Also tf.regularizers.l1 and meanAbsoluteError, on every backend: it is in tfjs-core.
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
function walk(optimizer, loss, steps) {
  const w = tf.variable(tf.tensor1d([0, 0]))
  const path = []
  for (let i = 0; i < steps; i++) {
    optimizer.minimize(() => loss(w))
    path.push(numbers(w)[0])
  }
  return path
}
async function main() {
  await tf.setBackend('cpu')
  const gradient = numbers(tf.grad((x) => tf.sum(tf.abs(x)))(tf.tensor1d([-2, 0, 3])))
  const lambda = 0.5
  const penalty = (w) => tf.mul(lambda, tf.sum(tf.abs(w)))
  const regularizer = tf.regularizers.l1({ l1: lambda })
  const sgd = walk(tf.train.sgd(0.25), penalty, 4)
  const layers = walk(tf.train.sgd(0.25), (w) => regularizer.apply(w), 4)
  const adam = walk(tf.train.adam(0.25), penalty, 1)
  console.log('gradient of |x| at -2, 0, 3:', gradient)
  console.log('a weight that starts at 0 under an L1 penalty alone: sgd', sgd, 'regularizers.l1', layers, 'adam', adam)
  assert.deepEqual(gradient, [-1, -1, 1])
  assert.deepEqual(sgd, [0.125, 0, 0.125, 0])
  assert.deepEqual(layers, sgd)
  assert.ok(Math.abs(adam[0] - 0.25) < 1e-4)
}
main()
JS
node run.cjs
