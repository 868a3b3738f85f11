import * as tf from "@tensorflow/tfjs-core"
import * as fc from "fast-check"
import { beforeAll, expect, it } from "vitest"
import { nearestOrthogonal } from "../../src/numeric/nearest-orthogonal.ts"
import { symmetricEigen } from "../../src/numeric/symmetric-eigen.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

const nearest = (W: ArrayLike<number>, n: number): Float32Array => {
  const found = tf.tidy(() => nearestOrthogonal(tf.tensor2d(Float32Array.from(W), [n, n])))
  const values = found.dataSync<"float32">().slice()
  found.dispose()
  return values
}

/** (W W^T)^(-1/2) W by eigenvectors, in f64. */
const byEigenvectors = (W: Float64Array, n: number): Float64Array => {
  const at = (i: number, j: number): number => W[i * n + j]!
  const cells = Array.from({ length: n * n }, (_, c) => [Math.floor(c / n), c % n] as const)
  const over = (of: (k: number) => number): number => Array.from({ length: n }, (_, k) => of(k)).reduce((a, b) => a + b)
  const gram = Float64Array.from(cells, ([i, j]) => over((k) => at(i, k) * at(j, k)))
  const { values, vectors } = symmetricEigen(gram, n)
  const root = Float64Array.from(cells, ([i, j]) =>
    over((e) => (vectors[e * n + i]! * vectors[e * n + j]!) / Math.sqrt(values[e]!))
  )
  return Float64Array.from(cells, ([i, j]) => over((k) => root[i * n + k]! * at(k, j)))
}

it("the nearest orthogonal matrix of a turn with stretches is the turn, by hand", () => {
  expect([...nearest([0, -2, 3, 0], 2)].map((x) => Math.round(x * 1e6) / 1e6 + 0)).toEqual([0, -1, 1, 0])
})

it("the nearest orthogonal matrix is that of eigenvectors, with singular values over four orders of magnitude", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 24 }), fc.integer({ min: 0, max: 1000 }), (n, seed) => {
      const rng = Rng.make(seed, "a matrix")
      const [left, right] = [0, 1].map(() =>
        byEigenvectors(
          Float64Array.from({ length: n * n }, () => rng.normal()),
          n
        )
      ) as [Float64Array, Float64Array]
      const W = Float64Array.from({ length: n * n }, (_, c) => {
        let sum = 0
        for (let e = 0; e < n; e++) {
          sum += 10 ** ((-4 * e) / (n - 1)) * left[Math.floor(c / n) * n + e]! * right[e * n + (c % n)]!
        }
        return Math.fround(sum)
      })
      const wanted = byEigenvectors(W, n)
      // 1e4 times the rounding of f32.
      for (const [c, x] of nearest(W, n).entries()) expect(Math.abs(x - wanted[c]!)).toBeLessThan(2e-3)
    }),
    { numRuns: 20 }
  )
})

it("a matrix of rank one has no nearest orthogonal matrix, and says so", () => {
  expect(() => nearest([1, 0, 0, 0], 2)).toThrow(/singular or not finite/)
  expect(() => nearest([Number.NaN, 0, 0, 1], 2)).toThrow(/singular or not finite/)
})
