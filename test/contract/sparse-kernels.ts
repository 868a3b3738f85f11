/** What every implementation of the sparse kernels and of Adam must do, checked against naive loops in f64. */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import { type AdamVariable, makeAdamVariable } from "../../src/tensor/adam/adam-variable.ts"
import type { EngineInfo, EngineName } from "../../src/tensor/engine-info.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"
import * as kernels from "../../src/tensor/kernels/sparse-kernels.ts"
import {
  makePattern,
  type SparseCodes,
  type SparsePattern,
  withValue
} from "../../src/tensor/kernels/sparse-pattern.ts"

type Triple = readonly [row: number, latent: number, value: number]

const triples = (codes: SparseCodes): ReadonlyArray<Triple> => {
  const value = codes.value.dataSync()
  return Array.from(value, (v, i) => [codes.row[i]!, codes.latent[i]!, v] as const)
}

interface Matrix {
  readonly rows: number
  readonly columns: number
  readonly values: Float32Array
}

const tensorOf = (matrix: Matrix): tf.Tensor2D => tf.tensor2d(matrix.values.slice(), [matrix.rows, matrix.columns])

const entries = (matrix: Matrix): ReadonlyArray<Triple> =>
  Array.from(matrix.values, (value, i) => [Math.floor(i / matrix.columns), i % matrix.columns, value] as const)

const byPosition = (a: Triple, b: Triple): number => a[0] - b[0] || a[1] - b[1]

/** The first k of a list sorted by value descending, then position ascending; in positional order again. */
const largest = (list: ReadonlyArray<Triple>, k: number): ReadonlyArray<Triple> =>
  list
    .toSorted((a, b) => b[2] - a[2] || byPosition(a, b))
    .slice(0, k)
    .toSorted(byPosition)

/** Few different values, so that ties are everywhere; or many, so that they are rare. */
const matrices = (rows: fc.Arbitrary<number>, columns: fc.Arbitrary<number>): fc.Arbitrary<Matrix> =>
  fc.tuple(rows, columns, fc.boolean()).chain(([r, c, coarse]) =>
    fc
      .array(coarse ? fc.integer({ min: -2, max: 2 }) : fc.float({ min: -8, max: 8, noNaN: true }), {
        minLength: r * c,
        maxLength: r * c
      })
      // TensorFlow takes subnormal numbers for zero.
      .map((values) => values.map((value) => (Math.abs(value) < 2 ** -126 ? 0 : value)))
      .map((values) => ({ rows: r, columns: c, values: Float32Array.from(values) }))
  )

const smallMatrix = matrices(fc.integer({ min: 1, max: 5 }), fc.constantFrom(1, 3, 8, 16, 48, 64))

const random = (seed: number, length: number): Float32Array => {
  let state = seed
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 31 - 1
  })
}

/** Any subset of the cells, so that empty rows and latents that are never active occur. */
const patterns: fc.Arbitrary<SparsePattern> = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }))
  .chain(([rows, latents]) =>
    fc
      .array(fc.subarray(Array.from({ length: latents }, (_, j) => j)), { minLength: rows, maxLength: rows })
      .map((active) => {
        const rowStart = new Int32Array(rows + 1)
        active.forEach((list, row) => (rowStart[row + 1] = rowStart[row]! + list.length))
        return makePattern(latents, rowStart, Int32Array.from(active.flat()))
      })
  )

const close = (actual: ArrayLike<number>, expected: ReadonlyArray<number>, tolerance = 1e-5): void => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => {
    if (!(Math.abs(actual[i]! - value) <= tolerance)) expect(actual[i], `entry ${i}`).toBeCloseTo(value, 5)
  })
}

const zeros = (length: number): Array<number> => Array.from({ length }, () => 0)

/** Assertions return objects that tidy must not search for tensors. */
const check = (body: () => void): void => {
  tf.tidy(() => {
    body()
  })
}

const adamFrom = <R extends tf.Rank>(weights: tf.Tensor<R>): AdamVariable<R> => {
  const variable = makeAdamVariable(weights)
  weights.dispose()
  return variable
}

const d = 5

export const sparseKernelsContract = (engine: EngineName, kind: EngineInfo["kernels"]): void => {
  describe(`sparse kernels on ${engine}, ${kind}`, () => {
    beforeAll(async () => {
      const loaded = await Effect.runPromise(loadEngine(engine, { compiled: kind === "compiled" }))
      expect(loaded.kernels).toBe(kind)
    })

    let before = 0
    beforeEach(() => {
      before = tf.memory().numTensors
    })
    afterEach(() => {
      expect(tf.memory().numTensors, "tensors left behind").toBe(before)
    })

    it("takes the k largest of every row, the lower latent first among equals", () => {
      fc.assert(
        fc.property(smallMatrix, fc.nat(), (matrix, n) => {
          const k = 1 + (n % matrix.columns)
          const rows = Array.from({ length: matrix.rows }, (_, row) => entries(matrix).filter((e) => e[0] === row))
          const expected = rows.flatMap((row) => largest(row, k))
          tf.tidy(() => {
            const codes = kernels.topKRows(tensorOf(matrix), k)
            expect(triples(codes)).toEqual(expected)
            expect(Array.from(codes.rowStart)).toEqual(Array.from({ length: matrix.rows + 1 }, (_, row) => row * k))
          })
        })
      )
    })

    it("takes a row's first k latents when all are equal", () => {
      tf.tidy(() => {
        const codes = kernels.topKRows(tf.ones([2, 64]), 3)
        expect(Array.from(codes.latent)).toEqual([0, 1, 2, 0, 1, 2])
      })
    })

    it("takes the k largest of wide rows with ties across groups", () => {
      const matrix: Matrix = { rows: 3, columns: 4096, values: random(1, 3 * 4096).map((v) => Math.round(v * 50)) }
      const expected = [0, 1, 2].flatMap((row) =>
        largest(
          entries(matrix).filter((e) => e[0] === row),
          40
        )
      )
      check(() => expect(triples(kernels.topKRows(tensorOf(matrix), 40))).toEqual(expected))
    })

    it("takes the k largest of rows that are as the one before, and of rows that are not", () => {
      const [rows, columns] = [64, 512]
      const factor = [1, 1, 1.1, 100, 1, 0.01, 0.01, -1, 1, 0, 1]
      const values = random(3, rows * columns).map((v, i) => v * factor[Math.floor(i / columns) % factor.length]!)
      const matrix: Matrix = { rows, columns, values }
      const all = entries(matrix)
      for (const k of [1, 4, 20, 100]) {
        const expected = Array.from({ length: rows }, (_, row) =>
          largest(all.slice(row * columns, (row + 1) * columns), k)
        ).flat()
        check(() => expect(triples(kernels.topKRows(tensorOf(matrix), k))).toEqual(expected))
      }
    })

    it("takes the largest entries of the whole batch, the earlier first among equals", () => {
      fc.assert(
        fc.property(smallMatrix, fc.nat(), (matrix, n) => {
          const count = 1 + (n % matrix.values.length)
          tf.tidy(() => {
            const codes = kernels.topKBatch(tensorOf(matrix), count)
            expect(triples(codes)).toEqual(largest(entries(matrix), count))
            const lengths = Array.from(codes.rowStart.subarray(1), (end, row) => end - codes.rowStart[row]!)
            expect(lengths).toEqual(lengths.map((_, row) => codes.row.filter((r) => r === row).length))
          })
        })
      )
    })

    it("takes the largest entries of a wide batch, with ties and both zeros", () => {
      const matrix: Matrix = { rows: 5, columns: 1024, values: random(8, 5 * 1024).map((v) => Math.round(v * 9) / 4) }
      expect(matrix.values.some((v) => Object.is(v, -0)) && matrix.values.some((v) => Object.is(v, 0))).toBe(true)
      for (const count of [1, 100, 2600, 2750, 5000, 5120]) {
        check(() =>
          expect(triples(kernels.topKBatch(tensorOf(matrix), count))).toEqual(largest(entries(matrix), count))
        )
      }
    })

    it("refuses to choose among NaN", () => {
      check(() => {
        expect(() => kernels.topKRows(tf.mul<tf.Tensor2D>(tf.ones([2, 8]), Number.NaN), 3)).toThrow("NaN")
        expect(() => kernels.topKBatch(tf.mul<tf.Tensor2D>(tf.ones([2, 8]), Number.NaN), 3)).toThrow("NaN")
      })
    })

    it("takes what is strictly above one threshold, or one per latent", () => {
      fc.assert(
        fc.property(smallMatrix, fc.integer({ min: -2, max: 2 }), (matrix, threshold) => {
          const perLatent = Float32Array.from({ length: matrix.columns }, (_, j) => threshold + (j % 2))
          tf.tidy(() => {
            const pre = tensorOf(matrix)
            expect(triples(kernels.aboveThreshold(pre, threshold))).toEqual(
              entries(matrix).filter((e) => e[2] > threshold)
            )
            expect(triples(kernels.aboveThreshold(pre, tf.tensor1d(perLatent)))).toEqual(
              entries(matrix).filter((e) => e[2] > perLatent[e[1]]!)
            )
          })
        })
      )
    })

    it("decodes as the dense product does, rows without active latents to zero", () => {
      fc.assert(
        fc.property(patterns, fc.nat(), (pattern, seed) => {
          const value = random(seed, pattern.latent.length)
          const weights = random(seed + 1, pattern.latents * d)
          const expected = zeros(pattern.rows * d)
          value.forEach((v, i) => {
            for (let c = 0; c < d; c++) expected[pattern.row[i]! * d + c]! += v * weights[pattern.latent[i]! * d + c]!
          })
          tf.tidy(() => {
            const out = kernels.decode(
              withValue(pattern, tf.tensor1d(value)),
              tf.tensor2d(weights, [pattern.latents, d])
            )
            expect(out.shape).toEqual([pattern.rows, d])
            close(out.dataSync(), expected)
          })
        })
      )
    })

    it("gives every pair the dot product of its latent's weights and its row", () => {
      fc.assert(
        fc.property(patterns, fc.nat(), (pattern, seed) => {
          const weights = random(seed, pattern.latents * d)
          const x = random(seed + 1, pattern.rows * d)
          const expected = Array.from(pattern.latent, (latent, i) => {
            let sum = 0
            for (let c = 0; c < d; c++) sum += weights[latent * d + c]! * x[pattern.row[i]! * d + c]!
            return sum
          })
          tf.tidy(() => {
            const w = tf.tensor2d(weights, [pattern.latents, d])
            close(kernels.activeDots(pattern, w, tf.tensor2d(x, [pattern.rows, d])).dataSync(), expected)
          })
        })
      )
    })

    it("gives the same dot products for a batch that is cut into several blocks", () => {
      const rows = 300
      const latents = 50
      const wide = 700
      const rowStart = new Int32Array(rows + 1)
      for (let row = 0; row < rows; row++) rowStart[row + 1] = rowStart[row]! + ((row * 7) % 23)
      const latent = Int32Array.from({ length: rowStart[rows]! }, (_, i) => i)
      for (let row = 0; row < rows; row++) {
        for (let i = rowStart[row]!; i < rowStart[row + 1]!; i++) latent[i] = 2 * (i - rowStart[row]!) + (row % 2)
      }
      const pattern = makePattern(latents, rowStart, latent)
      const weights = random(5, latents * wide)
      const x = random(6, rows * wide)
      const expected = Array.from(latent, (j, i) => {
        let sum = 0
        for (let c = 0; c < wide; c++) sum += weights[j * wide + c]! * x[pattern.row[i]! * wide + c]!
        return sum
      })
      tf.tidy(() => {
        const dots = kernels.activeDots(pattern, tf.tensor2d(weights, [latents, wide]), tf.tensor2d(x, [rows, wide]))
        close(dots.dataSync(), expected, 1e-4)
      })
    })

    it("sums value times row for every latent, latents that are never active to zero", () => {
      fc.assert(
        fc.property(patterns, fc.nat(), (pattern, seed) => {
          const value = random(seed, pattern.latent.length)
          const x = random(seed + 1, pattern.rows * d)
          const expected = zeros(pattern.latents * d)
          const sums = zeros(pattern.latents)
          value.forEach((v, i) => {
            sums[pattern.latent[i]!]! += v
            for (let c = 0; c < d; c++) expected[pattern.latent[i]! * d + c]! += v * x[pattern.row[i]! * d + c]!
          })
          tf.tidy(() => {
            const values = tf.tensor1d(value)
            const out = kernels.scatterToLatents(pattern, values, tf.tensor2d(x, [pattern.rows, d]))
            expect(out.shape).toEqual([pattern.latents, d])
            close(out.dataSync(), expected)
            close(kernels.sumByLatent(pattern, values).dataSync(), sums)
          })
        })
      )
    })

    it("repeats to the bit", () => {
      const step = () =>
        tf.tidy(() => {
          const pre = tf.tensor2d(random(2, 64 * 512), [64, 512])
          const x = tf.tensor2d(random(3, 64 * 96), [64, 96])
          const w = tf.tensor2d(random(4, 512 * 96), [512, 96])
          const codes = kernels.topKBatch(pre, 64 * 8)
          const out = kernels.decode(codes, w)
          const dots = kernels.activeDots(codes, w, out)
          return [codes.value, out, dots, kernels.scatterToLatents(codes, dots, x)].map((t) => Array.from(t.dataSync()))
        })
      expect(step()).toEqual(step())
    })

    it("refuses shapes that do not fit, naming both", () => {
      tf.tidy(() => {
        const codes = kernels.topKRows(tf.zeros([2, 8]), 3)
        expect(() => kernels.topKRows(tf.zeros([2, 8]), 9)).toThrow("expected an integer from 1 to 8, got 9")
        expect(() => kernels.decode(codes, tf.zeros([7, 4]))).toThrow("weights must be [8, d], got [7, 4]")
        expect(() => kernels.activeDots(codes, tf.zeros([8, 4]), tf.zeros([2, 5]))).toThrow("differ in d")
        expect(() => kernels.scatterToLatents(codes, tf.zeros([5]), tf.zeros([2, 4]))).toThrow("must be [6], got [5]")
      })
    })

    describe("Adam", () => {
      const options = { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-3 }

      it("moves the weights as torch.optim.Adam does, epsilon included", () => {
        // The recurrences of torch.optim.Adam in f64, for gradients small enough that epsilon matters.
        const size = 6
        const expected = Array.from(random(7, size))
        const m = zeros(size)
        const v = zeros(size)
        const variable = adamFrom(tf.tensor2d(random(7, size), [2, 3]))
        for (let step = 1; step <= 5; step++) {
          const gradient = random(10 + step, size).map((g) => g * 2e-3)
          gradient.forEach((g, i) => {
            m[i] = options.beta1 * m[i]! + (1 - options.beta1) * g
            v[i] = options.beta2 * v[i]! + (1 - options.beta2) * g * g
            const root = Math.sqrt(v[i]!) / Math.sqrt(1 - options.beta2 ** step)
            expected[i]! -= ((options.lr / (1 - options.beta1 ** step)) * m[i]!) / (root + options.eps)
          })
          tf.tidy(() => variable.apply(tf.tensor2d(gradient, [2, 3]), { ...options, step }))
        }
        check(() => close(variable.read().dataSync(), expected, 1e-6))
        variable.dispose()
      })

      it("goes on from an exported state with the same bytes", () => {
        const gradient = (step: number) => tf.tensor1d(random(20 + step, 40))
        const run = (variable: AdamVariable<tf.Rank.R1>, from: number, to: number) => {
          for (let step = from; step <= to; step++) tf.tidy(() => variable.apply(gradient(step), { ...options, step }))
        }
        const start = adamFrom(tf.tensor1d(random(20, 40)))
        run(start, 1, 3)
        const state = start.exportState()
        const kept = structuredClone(state)
        run(start, 4, 6)
        expect(state).toEqual(kept)
        const resumed = adamFrom(tf.zeros<tf.Rank.R1>([40]))
        resumed.restoreState(state)
        run(resumed, 4, 6)
        expect(resumed.exportState()).toEqual(start.exportState())
        expect(state).toEqual(kept)
        start.dispose()
        resumed.dispose()
      })

      it("leaves what it was made from and what was read alone", () => {
        const source = random(30, 64)
        const variable = adamFrom(tf.tensor1d(source))
        const read = variable.read()
        tf.tidy(() => variable.apply(tf.ones([64]), { ...options, step: 1 }))
        expect(source).toEqual(random(30, 64))
        expect(read.dataSync()).toEqual(random(30, 64))
        read.dispose()
        check(() => expect(variable.read().dataSync()).not.toEqual(source))
        tf.tidy(() => variable.assign(tf.zeros([64])))
        check(() => expect(variable.read().dataSync()).toEqual(new Float32Array(64)))
        expect(variable.exportState().firstMoment[0]).toBeCloseTo(0.1, 6)
        variable.dispose()
      })

      it("refuses a gradient of another shape and a step before the first", () => {
        const variable = adamFrom(tf.zeros([2, 3]))
        tf.tidy(() => {
          expect(() => variable.apply(tf.zeros([3, 2]), { ...options, step: 1 })).toThrow("[2, 3], got [3, 2]")
          expect(() => variable.apply(tf.zeros([2, 3]), { ...options, step: 0 })).toThrow("counts from 1, got 0")
        })
        variable.dispose()
      })
    })
  })
}
