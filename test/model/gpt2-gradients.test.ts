import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { gpt2Parameters, type Gpt2Config } from "../../src/model/decoder/gpt2-config.ts"
import { lossAndGradients, type TrainingBatch } from "../../src/model/train/gpt2-gradients.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadTestEngine } from "../engine.ts"

const config: Gpt2Config = {
  vocab_size: 11,
  n_positions: 6,
  n_embd: 8,
  n_layer: 2,
  n_head: 2,
  n_inner: 12,
  layer_norm_epsilon: 1e-5
}

const rng = Rng.make(1, "gradient check")
const values = Object.fromEntries(
  gpt2Parameters(config).map(({ name, shape }) => [
    name,
    Float32Array.from(
      { length: shape.reduce((a, b) => a * b, 1) },
      () => (/ln_.*weight/.test(name) ? 1 : 0) + 0.3 * rng.normal()
    )
  ])
)
const batch: TrainingBatch = {
  batch: 2,
  time: 5,
  tokens: Int32Array.from({ length: 10 }, () => rng.int(11)),
  targets: Int32Array.from({ length: 10 }, () => rng.int(11)),
  weights: Float32Array.from({ length: 10 }, (_, i) => (i === 3 ? 0 : 0.5 + rng.float()))
}

const lossAt = (changed: Readonly<Record<string, Float32Array>>): number => {
  let loss = 0
  tf.tidy(() => {
    loss = lossAndGradients(config, tensors(changed), batch).loss
  })
  return loss
}
const tensors = (of: Readonly<Record<string, Float32Array>>): Record<string, tf.Tensor> =>
  Object.fromEntries(
    gpt2Parameters(config).map(({ name, shape }) => [name, tf.tensor(of[name] as Float32Array, [...shape])])
  )

describe("the hand-written gradients of GPT-2", () => {
  beforeAll(loadTestEngine)

  it("agree with finite differences along a random direction of every parameter", () => {
    const gradients: Record<string, Float32Array> = {}
    tf.tidy(() => {
      const result = lossAndGradients(config, tensors(values), batch)
      for (const [name, gradient] of Object.entries(result.gradients))
        gradients[name] = gradient.dataSync() as Float32Array
    })
    expect(Object.keys(gradients).toSorted()).toEqual(
      gpt2Parameters(config)
        .map(({ name }) => name)
        .toSorted()
    )
    const step = 3e-3
    for (const { name } of gpt2Parameters(config)) {
      const value = values[name] as Float32Array
      const direction = Float32Array.from(value, () => rng.normal())
      const norm = Math.hypot(...direction)
      const moved = (sign: number): Float32Array =>
        value.map((x, i) => x + (sign * step * (direction[i] as number)) / norm)
      const numeric = (lossAt({ ...values, [name]: moved(1) }) - lossAt({ ...values, [name]: moved(-1) })) / (2 * step)
      const analytic = (gradients[name] as Float32Array).reduce(
        (sum, g, i) => sum + (g * (direction[i] as number)) / norm,
        0
      )
      expect(Math.abs(numeric - analytic), `${name}: ${numeric} against ${analytic}`).toBeLessThan(
        2e-4 + 0.01 * Math.abs(analytic)
      )
    }
  })

  it("leave no tensor behind", () => {
    const before = tf.memory().numTensors
    lossAt(values)
    expect(tf.memory().numTensors).toBe(before)
  })
})
