import * as tf from "@tensorflow/tfjs-core"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { symmetricEigen } from "../../../src/numeric/symmetric-eigen.ts"
import type { SaeWeights } from "../../../src/kinds/sae/stored/sae-weights.ts"
import * as Rng from "../../../src/random/rng.ts"
import { comparisonDictionary, type DictionaryOptions } from "../../../src/sae/dictionaries/comparison-dictionary.ts"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

describe("eigenvalues of symmetric matrices", () => {
  it("A v = value v, unit orthogonal vectors, values descending, for any matrix", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.integer(), fc.nat(3), (n, seed, rank) => {
        const rng = Rng.make(seed, "matrix")
        const factor = Array.from({ length: Math.max(1, n - rank) }, () =>
          Array.from({ length: n }, () => rng.normal())
        )
        const matrix = new Float64Array(n * n)
        for (const [r, row] of factor.entries()) {
          for (let i = 0; i < n; i++)
            for (let j = 0; j < n; j++) matrix[i * n + j]! += (r % 2 === 0 ? 1 : -1) * row[i]! * row[j]!
        }
        const { values, vectors } = symmetricEigen(matrix, n)
        const size = Math.max(...matrix.map(Math.abs), 1)
        for (let e = 0; e < n; e++) {
          const v = vectors.subarray(e * n, (e + 1) * n)
          if (e > 0) expect(values[e]!).toBeLessThanOrEqual(values[e - 1]! + 1e-12)
          for (let i = 0; i < n; i++) {
            let product = 0
            for (let j = 0; j < n; j++) product += matrix[i * n + j]! * v[j]!
            expect(Math.abs(product - values[e]! * v[i]!)).toBeLessThan(1e-11 * size * n)
          }
          for (let other = 0; other <= e; other++) {
            let dot = 0
            for (let k = 0; k < n; k++) dot += v[k]! * vectors[other * n + k]!
            expect(Math.abs(dot - (other === e ? 1 : 0))).toBeLessThan(1e-12 * n)
          }
        }
      })
    )
  })

  it("those of [[2, 1], [1, 2]] are 3 and 1, with (1, 1) and (1, -1) over sqrt 2", () => {
    const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2)
    for (const [i, value] of [3, 1].entries()) expect(values[i]).toBeCloseTo(value, 12)
    const half = Math.SQRT1_2
    for (const [i, value] of [half, half].entries()) expect(vectors[i]).toBeCloseTo(value, 12)
    expect((vectors[2] as number) * (vectors[3] as number)).toBeCloseTo(-0.5, 12)
  })

  it("a matrix with NaN is an error", () => {
    expect(() => symmetricEigen(Float64Array.of(1, Number.NaN, 2, Number.NaN, 1, 0, 2, 0, 1), 3)).toThrow(/not finite/)
  })
})

const d_in = 6

/** Independent heavy-tailed sources, mixed. */
const mixture = () => {
  const rng = Rng.make(6, "mixture")
  const mixing = Array.from({ length: d_in }, () => Array.from({ length: d_in }, () => rng.normal()))
  const rows = 6000
  const data = new Float32Array(rows * d_in)
  for (let i = 0; i < rows; i++) {
    for (let s = 0; s < d_in; s++) {
      const source = (rng.float() < 0.5 ? -1 : 1) * -Math.log(1 - rng.float())
      for (let c = 0; c < d_in; c++)
        data[i * d_in + c] = (data[i * d_in + c] as number) + source * (mixing[s]?.[c] as number)
    }
    for (let c = 0; c < d_in; c++) data[i * d_in + c] = (data[i * d_in + c] as number) + 5 + c
  }
  return { mixing, data }
}

const made = (data: Float32Array, options: Partial<DictionaryOptions>): SaeWeights => {
  const weights = comparisonDictionary(matrixRows(data, d_in), {
    kind: "pca",
    size: null,
    k: null,
    seed: 1,
    ...options
  })
  if (typeof weights === "string") throw new Error(weights)
  return weights
}

const explained = (weights: SaeWeights, data: Float32Array) => {
  const model = makeSaeModel(weights)
  const before = tf.memory().numTensors
  const result = tf.tidy(() => {
    const x = tf.tensor2d(data, [data.length / d_in, d_in])
    const codes = model.encode(x)
    const missed = tf.sum(tf.square(tf.sub(model.decode(codes), x))).arraySync() as number
    const spread = tf.sum(tf.square(tf.sub(x, tf.mean(x, 0, true)))).arraySync() as number
    return { ev: 1 - missed / spread, l0: codes.latent.length / x.shape[0] }
  })
  expect(tf.memory().numTensors).toBe(before)
  model.dispose()
  return result
}

describe("comparison dictionaries", () => {
  for (const kind of ["pca", "ica", "neurons"] as const) {
    it(`${kind}: with all components, rows come back whole, one sign of each component at a time`, () => {
      const { data } = mixture()
      const weights = made(data, { kind })
      const { ev, l0 } = explained(weights, data)
      expect(weights.d_sae).toBe(2 * d_in)
      expect(ev).toBeGreaterThan(0.99999)
      expect(l0).toBeLessThanOrEqual(d_in)
    })
  }

  it("of all k directions, the first principal components explain the most variance", () => {
    const { data } = mixture()
    const pca = explained(made(data, { size: 2 }), data).ev
    const random = explained(made(data, { kind: "random", size: 4, k: 2 }), data).ev
    const neurons = explained(made(data, { kind: "neurons", k: 2 }), data).ev
    expect(pca).toBeGreaterThan(random)
    expect(pca).toBeGreaterThan(neurons)
  })

  it("independent components are the mixed sources, which principal components are not", () => {
    const { data, mixing } = mixture()
    const score = (weights: SaeWeights): number => {
      let total = 0
      for (const row of mixing) {
        const norm = Math.hypot(...row)
        let best = 0
        for (let j = 0; j < weights.d_sae; j++) {
          const dot = row.reduce((sum, x, c) => sum + x * (weights.W_dec[j * d_in + c] as number), 0) / norm
          best = Math.max(best, dot)
        }
        total += best / d_in
      }
      return total
    }
    expect(score(made(data, { kind: "ica" }))).toBeGreaterThan(0.99)
    expect(score(made(data, { kind: "pca" }))).toBeLessThan(0.95)
  })

  it("what cannot be made is refused", () => {
    const { data } = mixture()
    const rows = matrixRows(data, d_in)
    expect(comparisonDictionary(rows, { kind: "pca", size: 7, k: null, seed: 0 })).toMatch(
      /6 components, fewer than the 7/
    )
    expect(comparisonDictionary(rows, { kind: "pca", size: 2, k: 5, seed: 0 })).toMatch(/k is 5, more than the 4/)
    const flat = data.map((x, i) => (i % d_in === 0 ? 1 : x))
    expect(comparisonDictionary(matrixRows(flat, d_in), { kind: "ica", size: null, k: null, seed: 0 })).toMatch(
      /fewer than 6 directions/
    )
  })
})
