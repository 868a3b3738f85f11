import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import { divergencesFrom } from "../../src/model/token-divergences.ts"
import type { RunnableModel } from "../../src/model/run-model.ts"
import { tokenDivergences, tokenLosses, tokenNormalizers, unembed } from "../../src/model/unembed.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

const [d, vocabulary, n] = [8, 10_001, 5000]

/** More rows and more tokens than one block holds. */
const setUp = (logitCap: number | undefined) => {
  const rng = Rng.make(0, "unembed")
  const random = (rows: number) =>
    tf.tensor2d(
      Float32Array.from({ length: rows * d }, () => rng.normal()),
      [rows, d]
    )
  const unembedding = random(vocabulary)
  const model = {
    info: { d_vocab: vocabulary },
    weights: { unembedding },
    logitScale: 0.5,
    logitCap
  } as unknown as RunnableModel
  const targets = Int32Array.from({ length: n }, () => rng.int(vocabulary))
  return { model, rows: random(n), targets }
}

describe("unembedding in blocks", () => {
  for (const cap of [undefined, 2]) {
    it(`losses are those of all logits (cap ${String(cap)})`, () => {
      const { model, rows, targets } = setUp(cap)
      const before = tf.memory().numTensors
      const losses = tokenLosses(model, rows, targets)
      expect(tf.memory().numTensors).toBe(before)
      for (const row of [0, 1, 4095, 4096, n - 1]) {
        const logits = [...unembed(model, tf.slice(rows, [row, 0], [1, d])).dataSync<"float32">()]
        const greatest = Math.max(...logits)
        const total = greatest + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - greatest), 0))
        expect(losses[row]).toBeCloseTo(total - (logits[targets[row] as number] as number), 4)
      }
    })
  }

  it("losses and divergences have the same bits with normalizers that were computed before", () => {
    const { model, rows, targets } = setUp(undefined)
    const other = tf.reverse(rows, 0)
    const known = new Map([rows, other].map((of) => [of, tokenNormalizers(model, of)]))
    expect(tokenLosses(model, rows, targets, () => known.get(rows)!)).toEqual(tokenLosses(model, rows, targets))
    expect(tokenDivergences(model, rows, other, (of) => known.get(of)!)).toEqual(tokenDivergences(model, rows, other))
  })

  it("divergences are those of all logits, and zero between equals", () => {
    const { model, rows } = setUp(2)
    const other = tf.reverse(rows, 0)
    const before = tf.memory().numTensors
    const divergences = tokenDivergences(model, rows, other)
    expect(tokenDivergences(model, rows, rows).every((divergence) => Math.abs(divergence) < 1e-5)).toBe(true)
    expect(tf.memory().numTensors).toBe(before)
    for (const row of [0, 4096, n - 1]) {
      const distribution = (of: tf.Tensor2D) =>
        tf.logSoftmax(unembed(model, tf.slice(of, [row, 0], [1, d]))).dataSync<"float32">()
      const [p, q] = [distribution(rows), distribution(other)]
      const expected = p.reduce((sum, log, id) => sum + Math.exp(log) * (log - (q[id] as number)), 0)
      expect(divergences[row]).toBeCloseTo(expected, 4)
    }
  })

  for (const cap of [undefined, 2]) {
    it(`divergences from one distribution to several are those of each pair (cap ${String(cap)})`, () => {
      const { model, rows } = setUp(cap)
      const others = [tf.reverse(rows, 0), tf.mul<tf.Tensor2D>(rows, 1.001)]
      const before = tf.memory().numTensors
      const from = divergencesFrom(model, rows, tokenNormalizers(model, rows))
      for (const other of others) {
        const found = from.to(other, tokenNormalizers(model, other))
        for (const [i, expected] of tokenDivergences(model, rows, other).entries()) {
          expect(Math.abs((found[i] as number) - expected)).toBeLessThan(3e-6 * (1 + expected))
        }
      }
      expect(from.to(rows, tokenNormalizers(model, rows)).every((divergence) => Math.abs(divergence) < 1e-5)).toBe(true)
      expect(tf.memory().numTensors).toBe(before)
    })
  }

  it("targets that cannot be are refused", () => {
    const { model, rows } = setUp(undefined)
    expect(() => tokenLosses(model, rows, new Int32Array(3))).toThrow("3 targets for 5000 rows")
    expect(() => tokenLosses(model, rows, new Int32Array(n).fill(vocabulary))).toThrow("outside the vocabulary")
  })
})
