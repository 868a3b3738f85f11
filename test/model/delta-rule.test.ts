/** The gated delta rule by chunks against its recurrence, token by token in f64. */
import * as tf from "@tensorflow/tfjs-core"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { deltaRule } from "../../src/model/blocks/delta-rule.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

interface Sizes {
  readonly batch: number
  readonly time: number
  readonly heads: number
  readonly dKey: number
  readonly dValue: number
}

/** Keys of length 1, as models have them; `alike` makes them near each other, so that corrections hang together. */
const inputs = ({ batch, time, heads, dKey, dValue }: Sizes, alike: number, rate: number) => {
  const rng = Rng.make(time, "delta rule")
  const normal = (length: number) => Float32Array.from({ length }, () => rng.normal())
  const tokens = batch * time * heads
  const common = normal(dKey)
  const key = normal(tokens * dKey).map((x, i) => x * (1 - alike) + (common[i % dKey] as number) * alike)
  for (let t = 0; t < tokens; t++) {
    const row = key.subarray(t * dKey, (t + 1) * dKey)
    const length = Math.hypot(...row)
    row.set(row.map((x) => x / length))
  }
  return {
    key,
    query: normal(tokens * dKey),
    value: normal(tokens * dValue),
    beta: normal(tokens).map((x) => 1 / (1 + Math.exp(-2 * x))),
    decay: normal(tokens).map((x) => -rate * Math.exp(x))
  }
}

const recurrence = ({ batch, time, heads, dKey, dValue }: Sizes, given: ReturnType<typeof inputs>): Array<number> => {
  const out = Array.from({ length: batch * time * heads * dValue }, () => 0)
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const state = new Float64Array(dKey * dValue)
      for (let t = 0; t < time; t++) {
        const at = (b * time + t) * heads + h
        const left = Math.exp(given.decay[at] as number)
        for (let i = 0; i < state.length; i++) state[i] = (state[i] as number) * left
        for (let j = 0; j < dValue; j++) {
          let held = 0
          for (let i = 0; i < dKey; i++)
            held += (state[i * dValue + j] as number) * (given.key[at * dKey + i] as number)
          const correction = (given.beta[at] as number) * ((given.value[at * dValue + j] as number) - held)
          for (let i = 0; i < dKey; i++) {
            state[i * dValue + j] =
              (state[i * dValue + j] as number) + (given.key[at * dKey + i] as number) * correction
            out[at * dValue + j] =
              (out[at * dValue + j] as number) +
              (state[i * dValue + j] as number) * (given.query[at * dKey + i] as number)
          }
        }
      }
    }
  }
  return out
}

describe("the gated delta rule", () => {
  it("by chunks gives what the recurrence gives, over one chunk and several, with slow decay and fast, keys alike or not", () => {
    const sizes = fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      time: fc.constantFrom(1, 2, 13, 64, 65, 150),
      heads: fc.integer({ min: 1, max: 2 }),
      dKey: fc.integer({ min: 1, max: 6 }),
      dValue: fc.integer({ min: 1, max: 5 })
    })
    fc.assert(
      fc.property(sizes, fc.constantFrom(0, 0.5, 0.95), fc.constantFrom(1e-4, 0.05, 20), (given, alike, rate) => {
        const { batch, time, heads, dKey, dValue } = given
        const made = inputs(given, alike, rate)
        const found = tf.tidy(() =>
          deltaRule({
            query: tf.tensor4d(made.query, [batch, time, heads, dKey]),
            key: tf.tensor4d(made.key, [batch, time, heads, dKey]),
            value: tf.tensor4d(made.value, [batch, time, heads, dValue]),
            beta: tf.tensor3d(made.beta, [batch, time, heads]),
            decay: tf.tensor3d(made.decay, [batch, time, heads])
          }).out.dataSync<"float32">()
        )
        const wanted = recurrence(given, made)
        const size = Math.max(1, ...wanted.map(Math.abs))
        for (const [i, x] of wanted.entries()) expect(Math.abs((found[i] as number) - x) / size).toBeLessThan(2e-5)
      }),
      { numRuns: 40 }
    )
  })
})
