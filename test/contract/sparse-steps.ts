/**
 * What every implementation must do with the pairs of a batch beyond single products: selection with a bias, the errors of
 * a reconstruction with their gradients, Adam over gradients that are given by their parts. Against loops in f64.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { decodeBoth, decodeErrors } from "../../src/sae/loss/decode-errors.ts"
import { makeAdamVariable } from "../../src/tensor/adam/adam-variable.ts"
import type { EngineInfo, EngineName } from "../../src/tensor/engine-info.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import { disposeGradient, type LatentGradient } from "../../src/tensor/kernels/latent-gradient.ts"
import { precisionProblem, selectPairs } from "../../src/tensor/kernels/select-pairs.ts"
import * as kernels from "../../src/tensor/kernels/sparse-kernels.ts"
import { makePattern, type SparsePattern } from "../../src/tensor/kernels/sparse-pattern.ts"

const latents = 70
const d = 37

const random = (seed: number, length: number): Float32Array => {
  let state = (seed * 2 + 1) >>> 0
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  })
}

/** Few of many latents a row, some rows without any. */
const patterns: fc.Arbitrary<SparsePattern> = fc
  .array(fc.uniqueArray(fc.nat(latents - 1), { maxLength: 5 }), { minLength: 1, maxLength: 9 })
  .map((lists) => {
    const rowStart = new Int32Array(lists.length + 1)
    lists.forEach((list, row) => (rowStart[row + 1] = rowStart[row]! + list.length))
    return makePattern(latents, rowStart, Int32Array.from(lists.flatMap((list) => list.toSorted((a, b) => a - b))))
  })

const close = (actual: ArrayLike<number>, expected: ReadonlyArray<number>, tolerance: number): void => {
  expect(actual.length).toBe(expected.length)
  const size = Math.max(1, ...expected.map(Math.abs))
  const off = expected.findIndex((value, i) => !(Math.abs(actual[i]! - value) <= tolerance * size))
  if (off >= 0) expect(actual[off], `entry ${off}`).toBe(expected[off])
}

const row = (matrix: ArrayLike<number>, j: number): ReadonlyArray<number> =>
  Array.from({ length: d }, (_, c) => matrix[j * d + c]!)
const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number => a.reduce((sum, v, i) => sum + v * b[i]!, 0)

/** One step of torch.optim.Adam from zero moments for every row; `unit` as in "Towards Monosemanticity". */
const naiveStep = (
  weights: Float32Array,
  gradient: ReadonlyArray<ReadonlyArray<number>>,
  step: { readonly lr: number; readonly factor: number; readonly unit: boolean }
): { readonly moved: ReadonlyArray<number>; readonly square: number } => {
  let square = 0
  const moved = gradient.flatMap((g, j) => {
    const w = row(weights, j)
    const radial = step.unit ? dot(g, w) : 0
    const kept = g.map((value, c) => value - radial * w[c]!)
    square += dot(kept, kept)
    // After one step both moments, corrected, are the gradient and its square.
    const next = w.map((value, c) => {
      const scaled = kept[c]! * step.factor
      return value - (step.lr * scaled) / (Math.abs(scaled) + EPS)
    })
    const norm = step.unit ? Math.hypot(...next) : 1
    return next.map((value) => value / norm)
  })
  return { moved, square }
}

const EPS = 1e-2

const unitRows = (seed: number): Float32Array => {
  const values = random(seed, latents * d)
  for (let j = 0; j < latents; j++) {
    const norm = Math.hypot(...row(values, j))
    for (let c = 0; c < d; c++) values[j * d + c]! /= norm
  }
  return values
}

const adamOfZeros = () => {
  const zeros = tf.zeros([latents, d + 1])
  const variable = makeAdamVariable(zeros)
  zeros.dispose()
  return variable
}

export const sparseStepsContract = (engine: EngineName, kind: EngineInfo["kernels"]): void => {
  describe(`steps over pairs on ${engine}, ${kind}`, () => {
    beforeAll(() => Effect.runPromise(loadEngine(engine, { compiled: kind === "compiled" })))

    let before = 0
    beforeEach(() => {
      before = tf.memory().numTensors
    })
    afterEach(() => {
      expect(tf.memory().numTensors, "tensors left behind").toBe(before)
    })

    it("chooses from the encoder's product and bias as from their sum", () => {
      // Small whole numbers: their sums are exact in any order, and often equal.
      const whole = (seed: number, length: number) => random(seed, length).map((v) => Math.round(v * 3))
      for (const columns of [5, 16, 48, 100]) {
        tf.tidy(() => {
          const x = tf.tensor2d(whole(columns, 6 * d), [6, d])
          const weights = tf.tensor2d(whole(columns + 3, columns * d), [columns, d])
          const bias = tf.tensor1d(whole(columns + 1, columns))
          const z = tf.add<tf.Tensor2D>(tf.matMul(x, weights, false, true), bias)
          const limits = tf.tensor1d(whole(columns + 2, columns))
          for (const [choice, expected] of [
            [{ from: "rows", count: 3 }, kernels.topKRows(z, 3)],
            [{ from: "batch", count: 17 }, kernels.topKBatch(z, 17)],
            [{ above: 0.5 }, kernels.aboveThreshold(z, 0.5)],
            [{ above: limits }, kernels.aboveThreshold(z, limits)]
          ] as const) {
            const { codes } = selectPairs(x, weights, bias, choice)
            expect(codes.latent).toEqual(expected.latent)
            expect(codes.rowStart).toEqual(expected.rowStart)
            expect(codes.value.dataSync()).toEqual(expected.value.dataSync())
          }
          const strongest = selectPairs(x, weights, bias, { from: "rows", count: 3 }, { absolute: true }).codes
          const sizes = kernels.topKRows(tf.abs(z), 3)
          expect(strongest.latent).toEqual(sizes.latent)
          expect(strongest.value.dataSync().map(Math.abs)).toEqual(sizes.value.dataSync())
          for (const count of [0, columns + 1]) {
            expect(() => selectPairs(x, weights, bias, { from: "rows", count })).toThrow(`from 1 to ${columns}`)
          }
          expect(() => selectPairs(x, weights, tf.zeros([columns + 1]), { above: 0 })).toThrow("shapes do not agree")
        })
      }
    })

    it("finds the errors of every prefix of the latents, and the gradients that follow", () => {
      const scale = 0.3
      fc.assert(
        fc.property(patterns, fc.constantFrom([70], [9, 70], [1, 30, 50, 70]), fc.nat(), (pattern, ends, seed) => {
          const value = random(seed, pattern.latent.length).map((v, i) => (i % 4 === 3 ? 0 : v))
          const weights = random(seed + 1, latents * d)
          const base = random(seed + 2, pattern.rows * d)
          const errors = ends.map((end) =>
            Array.from({ length: pattern.rows }, (_, r) => {
              const error = [...row(base, r)]
              pattern.latent.forEach((j, i) => {
                if (pattern.row[i] === r && j < end) row(weights, j).forEach((w, c) => (error[c]! += value[i]! * w))
              })
              return error
            })
          )
          const gradients = ends.map((_, g) =>
            Array.from({ length: pattern.rows }, (__, r) =>
              Array.from({ length: d }, (___, c) => scale * errors.slice(g).reduce((sum, e) => sum + e[r]![c]!, 0))
            )
          )
          const dots = Array.from(pattern.latent, (j, i) => {
            const g = ends.findIndex((end) => j < end)
            return dot(gradients[g]![pattern.row[i]!]!, row(weights, j))
          })
          const w = tf.tensor2d(weights, [latents, d])
          const b = tf.tensor2d(base, [pattern.rows, d])
          const got = decodeErrors(pattern, value, w, b, scale, Int32Array.from(ends))
          close(got.gradient.dataSync(), gradients.flat(2), 1e-5)
          close(got.dots, dots, 1e-5)
          close(
            got.squares,
            errors.map((rows) => rows.reduce((sum, e) => sum + dot(e, e), 0)),
            1e-5
          )
          close(
            got.columns.dataSync(),
            Array.from({ length: d }, (_, c) => gradients[0]!.reduce((sum, g) => sum + g[c]!, 0)),
            1e-5
          )
          tf.dispose([w, b, got.gradient, got.columns])
        }),
        { numRuns: 30 }
      )
    })

    it("decodes two values of every pair as it decodes each, to the bit", () => {
      fc.assert(
        fc.property(patterns, fc.nat(), (pattern, seed) => {
          const weights = tf.tensor2d(random(seed, latents * d), [latents, d])
          const base = tf.tensor2d(random(seed + 1, pattern.rows * d), [pattern.rows, d])
          // Zeros too: pairs that one of the two does not have.
          const values = [2, 3].map((n) =>
            random(seed + n, pattern.latent.length).map((value) => (Math.abs(value) < 0.3 ? 0 : value))
          ) as [Float32Array, Float32Array]
          const ends = Int32Array.of(latents)
          const [first, second] = values.map((value) => decodeErrors(pattern, value, weights, base, 0.7, ends))
          const both = decodeBoth(pattern, ...values, weights, base, 0.7)
          expect(both.others).toEqual({ dots: second!.dots, square: second!.squares[0] })
          expect([both.dots, both.squares]).toEqual([first!.dots, first!.squares])
          for (const name of ["gradient", "columns"] as const) {
            expect(both[name].dataSync()).toEqual(first![name].dataSync())
          }
          for (const each of [first!, second!, both]) tf.dispose([each.gradient, each.columns])
          tf.dispose([weights, base])
        }),
        { numRuns: 10 }
      )
    })

    it("takes a step of Adam for a gradient of pairs, multiples of rows and rows of few latents", () => {
      fc.assert(
        fc.property(
          patterns,
          fc.boolean(),
          fc.boolean(),
          fc.boolean(),
          fc.nat(),
          (pattern, unit, along, more, seed) => {
            const weights = unit ? unitRows(seed) : random(seed, latents * d)
            const value = random(seed + 1, pattern.latent.length)
            const x = random(seed + 2, pattern.rows * d)
            const widths = [12, 25]
            const factor = random(seed + 3, latents * 2)
            const special = Int32Array.of(3, 40, 69)
            const rows = random(seed + 4, special.length * d)
            const gradient = Array.from({ length: latents }, (_, j) => {
              const g = Array.from({ length: d }, () => 0)
              pattern.latent.forEach((k, i) => {
                if (k === j) row(x, pattern.row[i]!).forEach((v, c) => (g[c]! += value[i]! * v))
              })
              if (along) row(weights, j).forEach((w, c) => (g[c]! += factor[2 * j + (c < 12 ? 0 : 1)]! * w))
              if (more && special.includes(j)) row(rows, special.indexOf(j)).forEach((v, c) => (g[c]! += v))
              return g
            })
            const given = (): LatentGradient => ({
              pattern,
              value,
              x: tf.tensor2d(x, [pattern.rows, d]),
              ...(along ? { along: { factor, widths } } : {}),
              ...(more ? { more: { latents: special, rows: tf.tensor2d(rows, [special.length, d]) } } : {})
            })
            const step = { lr: 0.01, factor: 0.5, unit }
            const { moved, square } = naiveStep(weights, gradient, step)
            const initial = tf.tensor2d(weights, [latents, d])
            const variable = makeAdamVariable<tf.Rank.R2>(initial)
            const held = variable.read()
            const parts = given()
            close([variable.squaredNorm(parts, unit)], [square], 1e-5)
            variable.apply(parts, { ...step, step: 1, eps: EPS })
            disposeGradient(parts)
            const after = variable.read()
            close(after.dataSync(), moved, 3e-6)
            expect(held.dataSync()).toEqual(weights)
            tf.dispose([initial, held, after])
            variable.dispose()
          }
        ),
        { numRuns: 30 }
      )
    })

    it("goes on from moments as the dense step does, latents without pairs too", () => {
      const pattern = makePattern(latents, Int32Array.of(0, 2, 3), Int32Array.of(4, 9, 4))
      const weights = random(1, latents * d)
      const initial = tf.tensor2d(weights, [latents, d])
      const [pairs, dense] = [makeAdamVariable<tf.Rank.R2>(initial), makeAdamVariable<tf.Rank.R2>(initial)]
      for (let step = 1; step <= 4; step++) {
        const value = step === 1 ? Float32Array.of(1, -2, 0.5) : Float32Array.of(0, 0, 0.25 * step)
        const x = tf.tensor2d(random(step, 2 * d), [2, d])
        const matrix = tf.tidy(() => kernels.scatterToLatents(pattern, tf.tensor1d(value), x))
        pairs.apply({ pattern, value, x }, { lr: 0.01, step })
        dense.apply(matrix, { lr: 0.01, step })
        tf.dispose([x, matrix])
      }
      const [a, b] = [pairs.exportState(), dense.exportState()]
      close(a.weights, [...b.weights], 1e-6)
      close(a.firstMoment, [...b.firstMoment], 1e-6)
      close(a.secondMoment, [...b.secondMoment], 1e-6)
      expect(row(a.weights, 9)).not.toEqual(row(weights, 9))
      initial.dispose()
      pairs.dispose()
      dense.dispose()
    })

    it("says whether estimates can be had in bfloat16", () => {
      if (kind !== "compiled") expect(precisionProblem("bf16")).toContain("needs the tensorflow engine")
      expect(precisionProblem("f32")).toBeUndefined()
      expect(precisionProblem("auto")).toBeUndefined()
    })

    it("refuses a gradient of another shape", () => {
      const variable = adamOfZeros()
      const pattern = makePattern(latents, Int32Array.of(0, 1), Int32Array.of(4))
      const gradient = { pattern, value: Float32Array.of(1), x: tf.zeros<tf.Rank.R2>([1, d]) }
      expect(() => variable.apply(gradient, { lr: 1, step: 1 })).toThrow(`[70, ${d + 1}]`)
      gradient.x.dispose()
      variable.dispose()
    })
  })
}
