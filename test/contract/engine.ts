/**
 * What every engine must compute: the operations that this project's code is written in, against formulas in f64. The
 * libraries behind the engines have had wrong kernels before.
 */
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest"
import type { EngineName } from "../../src/tensor/engine-info.ts"
import { loadEngine } from "../../src/tensor/engine/engine.ts"

const ROWS = 5
const COLUMNS = 7

const numbers = (min: number, max: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.array(
    fc.float({ min, max, noNaN: true, noDefaultInfinity: true }).map((value) => (Math.abs(value) < 1e-30 ? 0 : value)),
    { minLength: ROWS * COLUMNS, maxLength: ROWS * COLUMNS }
  )

const matrix = (values: ReadonlyArray<number>): tf.Tensor2D => tf.tensor2d([...values], [ROWS, COLUMNS])

const expectClose = (what: string, actual: tf.Tensor, wanted: ReadonlyArray<number>): void => {
  const values = actual.dataSync()
  expect(values.length, what).toBe(wanted.length)
  for (let i = 0; i < wanted.length; i++) {
    const [got, want] = [values[i] as number, wanted[i] as number]
    const allowed = 2e-6 + 5e-6 * Math.abs(want)
    if (!(Math.abs(got - want) <= allowed)) expect.fail(`${what}: entry ${i} is ${got}, not ${want}`)
  }
}

/** erf by its series, enough terms for |x| <= 3. */
const erf = (x: number): number => {
  let term = x
  let sum = x
  for (let n = 1; n < 60; n++) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}

const elementwise: ReadonlyArray<readonly [string, (x: tf.Tensor2D) => tf.Tensor, (x: number) => number]> = [
  ["square", (x) => tf.square(x), (x) => x * x],
  ["neg", (x) => tf.neg(x), (x) => -x],
  ["exp", (x) => tf.exp(x), Math.exp],
  ["log", (x) => tf.log(tf.add(tf.square(x), 1)), (x) => Math.log(x * x + 1)],
  ["sqrt", (x) => tf.sqrt(tf.square(x)), Math.abs],
  ["rsqrt", (x) => tf.rsqrt(tf.add(tf.square(x), 1)), (x) => 1 / Math.sqrt(x * x + 1)],
  ["tanh", (x) => tf.tanh(x), Math.tanh],
  ["sigmoid", (x) => tf.sigmoid(x), (x) => 1 / (1 + Math.exp(-x))],
  ["erf", (x) => tf.erf(x), erf],
  ["relu", (x) => tf.relu(x), (x) => Math.max(x, 0)],
  ["cast", (x) => tf.cast(tf.greater(x, 0.5), "float32"), (x) => (x > 0.5 ? 1 : 0)],
  ["where", (x) => tf.where(tf.greaterEqual(x, 0), x, tf.mul(x, 3)), (x) => (x >= 0 ? x : 3 * x)],
  ["maximum", (x) => tf.maximum(x, 0.25), (x) => Math.max(x, 0.25)],
  ["onesLike", (x) => tf.add(tf.onesLike(x), tf.zerosLike(x)), () => 1]
]

const ofPairs: ReadonlyArray<
  readonly [string, (x: tf.Tensor2D, y: tf.Tensor2D) => tf.Tensor, (x: number, y: number) => number]
> = [
  ["add", (x, y) => tf.add(x, y), (x, y) => x + y],
  ["sub", (x, y) => tf.sub(x, y), (x, y) => x - y],
  ["mul", (x, y) => tf.mul(x, y), (x, y) => x * y],
  ["div", (x, y) => tf.div(x, tf.add(tf.square(y), 1)), (x, y) => x / (y * y + 1)],
  ["squaredDifference", (x, y) => tf.squaredDifference(x, y), (x, y) => (x - y) ** 2],
  ["addN", (x, y) => tf.addN([x, y, x]), (x, y) => 2 * x + y]
]

const sum = (row: ReadonlyArray<number>): number => row.reduce((total, value) => total + value, 0)
const logSumExp = (row: ReadonlyArray<number>): number => {
  const largest = Math.max(...row)
  return largest + Math.log(sum(row.map((value) => Math.exp(value - largest))))
}

const ofRows: ReadonlyArray<
  readonly [string, (x: tf.Tensor2D) => tf.Tensor, (row: ReadonlyArray<number>) => ReadonlyArray<number>]
> = [
  ["sum", (x) => tf.sum(x, 1), (row) => [sum(row)]],
  ["mean", (x) => tf.mean(x, 1), (row) => [sum(row) / row.length]],
  ["min", (x) => tf.min(x, 1), (row) => [Math.min(...row)]],
  ["norm", (x) => tf.norm(x, "euclidean", 1), (row) => [Math.hypot(...row)]],
  ["logSumExp", (x) => tf.logSumExp(x, 1), (row) => [logSumExp(row)]],
  ["softmax", (x) => tf.softmax(x), (row) => row.map((value) => Math.exp(value - logSumExp(row)))],
  ["logSoftmax", (x) => tf.logSoftmax(x), (row) => row.map((value) => value - logSumExp(row))],
  ["argMax", (x) => tf.argMax(x, 1), (row) => [row.indexOf(Math.max(...row))]],
  ["topk", (x) => tf.topk(x, 3).values, (row) => row.toSorted((a, b) => b - a).slice(0, 3)],
  ["slice", (x) => tf.slice(x, [0, 2], [ROWS, 3]), (row) => row.slice(2, 5)],
  ["concat", (x) => tf.concat([x, x], 1), (row) => [...row, ...row]],
  ["gather", (x) => tf.gather(x, tf.tensor1d([6, 0, 6], "int32"), 1), (row) => [row[6]!, row[0]!, row[6]!]],
  [
    "pad",
    (x) =>
      tf.pad(x, [
        [0, 0],
        [1, 2]
      ]),
    (row) => [0, ...row, 0, 0]
  ]
]

export const engineContract = (engine: EngineName): void => {
  describe(`the engine ${engine}`, () => {
    let before = 0
    beforeAll(async () => {
      await Effect.runPromise(loadEngine(engine))
      expect(tf.getBackend()).toBe(engine)
    })
    beforeEach(() => {
      before = tf.memory().numDataBuffers
    })
    afterEach(() => {
      expect(tf.memory().numDataBuffers).toBe(before)
    })

    it("computes elementwise operations and reductions as f64 does, within the precision of f32", () => {
      fc.assert(
        fc.property(numbers(-3, 3), numbers(-3, 3), (xs, ys) =>
          tf.tidy(() => {
            const [x, y] = [matrix(xs), matrix(ys)]
            for (const [name, compute, formula] of elementwise) expectClose(name, compute(x), xs.map(formula))
            for (const [name, compute, formula] of ofPairs) {
              expectClose(
                name,
                compute(x, y),
                xs.map((value, i) => formula(value, ys[i]!))
              )
            }
            const rows = Array.from({ length: ROWS }, (_, row) => xs.slice(row * COLUMNS, (row + 1) * COLUMNS))
            for (const [name, compute, formula] of ofRows) expectClose(name, compute(x), rows.flatMap(formula))
          })
        ),
        { numRuns: 10 }
      )
    })

    it("moves entries to where they belong", () =>
      tf.tidy(() => {
        const x = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3])
        const indices = tf.tensor2d([0, 2, 1, 0], [2, 2], "int32")
        expect(tf.transpose(x).arraySync()).toEqual([
          [1, 4],
          [2, 5],
          [3, 6]
        ])
        expect(tf.gatherND(x, indices).arraySync()).toEqual([3, 4])
        expect(tf.scatterND(indices, tf.tensor1d([7, 8]), [2, 3]).arraySync()).toEqual([
          [0, 0, 7],
          [8, 0, 0]
        ])
        expect(tf.oneHot(tf.tensor1d([2, 0], "int32"), 3).arraySync()).toEqual([
          [0, 0, 1],
          [1, 0, 0]
        ])
        expect(tf.stack([x, x]).shape).toEqual([2, 2, 3])
        expect(tf.broadcastTo(tf.tensor2d([[9], [8]]), [2, 2]).arraySync()).toEqual([
          [9, 9],
          [8, 8]
        ])
        const [left, right] = tf.split(x, [1, 2], 1)
        expect([left?.arraySync(), right?.arraySync()]).toEqual([
          [[1], [4]],
          [
            [2, 3],
            [5, 6]
          ]
        ])
        const { mean, variance } = tf.moments(x, 1)
        expect(Array.from(mean.dataSync())).toEqual([2, 5])
        expectClose("variance", variance, [2 / 3, 2 / 3])
      }))

    it("multiplies transposed operands as they lie, with a bias and an activation", () =>
      tf.tidy(() => {
        const a = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3])
        const b = tf.tensor3d([1, 0, 2, -1, 3, 1, 2, 2, 0, 1, -2, 1], [2, 2, 3])
        const plain = tf.matMul(a, tf.transpose(b, [0, 2, 1]))
        // Row 0 of a times row 0 of b: 1 * 1 + 2 * 0 + 3 * 2 = 7.
        expect(Array.from(plain.dataSync())).toEqual([7, 8, 16, 17, 30, 0, 42, 0])
        expect(Array.from(tf.matMul(a, b, false, true).dataSync())).toEqual(Array.from(plain.dataSync()))
        const swapped = tf.transpose(a, [0, 2, 1])
        expect(Array.from(tf.matMul(swapped, b, true, true).dataSync())).toEqual(Array.from(plain.dataSync()))
        const bias = tf.tensor1d([100, 200])
        const fused = tf.fused.matMul({ a, b, transposeA: false, transposeB: true, bias })
        expect(Array.from(fused.dataSync())).toEqual([107, 208, 116, 217, 130, 200, 142, 200])
        const rectified = tf.fused.matMul({ a, b, transposeB: true, bias: tf.tensor1d([-20, 0]), activation: "relu" })
        expect(Array.from(rectified.dataSync())).toEqual([0, 8, 0, 17, 10, 0, 22, 0])
      }))

    it("multiplies matrices of any shape exactly where the numbers are whole", () => {
      const size = fc.integer({ min: 1, max: 70 })
      fc.assert(
        fc.property(size, size, size, fc.boolean(), fc.boolean(), (m, n, k, transposeA, transposeB) => {
          const a = Float32Array.from({ length: m * k }, (_, i) => ((i * 7) % 11) - 5)
          const b = Float32Array.from({ length: k * n }, (_, i) => ((i * 5) % 13) - 6)
          const wanted = new Float32Array(m * n)
          for (let row = 0; row < m; row++) {
            for (let column = 0; column < n; column++) {
              let dot = 0
              for (let c = 0; c < k; c++) {
                dot += a[transposeA ? c * m + row : row * k + c]! * b[transposeB ? column * k + c : c * n + column]!
              }
              wanted[row * n + column] = dot
            }
          }
          tf.tidy(() => {
            const left = tf.tensor2d(a, transposeA ? [k, m] : [m, k])
            const right = tf.tensor2d(b, transposeB ? [n, k] : [k, n])
            expect(tf.matMul(left, right, transposeA, transposeB).dataSync()).toEqual(wanted)
          })
        }),
        { numRuns: 25 }
      )
    })

    it("gives the gradient of a loss through a product, a bias, an activation and a softmax", () => {
      const loss = (w: tf.Tensor): tf.Scalar => {
        const x = tf.tensor2d([0.5, -1, 2, 1.5, 0.25, -0.75], [2, 3])
        const hidden = tf.sigmoid(tf.add(tf.matMul(x, w as tf.Tensor2D), tf.tensor1d([0.1, -0.2])))
        return tf.neg(tf.sum(tf.mul(tf.logSoftmax(hidden), tf.tensor2d([1, 0, 0, 1], [2, 2]))))
      }
      const w = [0.3, -0.6, 0.9, 0.2, -0.4, 0.7]
      const at = (values: Array<number>): number =>
        tf.tidy(() => loss(tf.tensor2d(values, [3, 2])).dataSync()[0] as number)
      tf.tidy(() => {
        const gradient = tf
          .grad(loss)(tf.tensor2d(w, [3, 2]))
          .dataSync()
        const step = 2 ** -6
        for (let i = 0; i < w.length; i++) {
          const moved = (by: number): number => at(w.map((value, j) => (j === i ? value + by : value)))
          expect(gradient[i]).toBeCloseTo((moved(step) - moved(-step)) / (2 * step), 3)
        }
      })
    })

    it("passes on what is not a number, so that a training that diverged is noticed", () =>
      tf.tidy(() => {
        const x = tf.tensor2d([1, Number.NaN, 3, 4], [2, 2])
        expect(Array.from(tf.sum(x, 1).dataSync())).toEqual([Number.NaN, 7])
        expect(Array.from(tf.matMul(x, tf.ones([2, 1])).dataSync())).toEqual([Number.NaN, 7])
        expect(Array.from(tf.square(x).dataSync())).toEqual([1, Number.NaN, 9, 16])
      }))

    it("sums a million numbers to what f64 sums them to, along any axes", () =>
      tf.tidy(() => {
        const [a, b, c] = [64, 128, 128]
        const values = Float32Array.from({ length: a * b * c }, (_, i) => ((i * 2_654_435_761) % 1000) / 1000 + 0.5)
        const x = tf.tensor3d(values, [a, b, c])
        const total = values.reduce((sum, value) => sum + value, 0)
        expect(tf.sum(x).dataSync()[0]).toBeCloseTo(total, -1)
        expect(tf.mean(x).dataSync()[0]).toBeCloseTo(total / values.length, 5)
        const byMiddle = new Float64Array(b)
        for (const [i, value] of values.entries()) {
          const row = Math.floor(i / c) % b
          byMiddle[row] = (byMiddle[row] as number) + value
        }
        const found = tf.sum(x, [0, 2], true)
        expect(found.shape).toEqual([1, b, 1])
        for (const [row, sum] of found.dataSync().entries()) expect(sum / (byMiddle[row] as number)).toBeCloseTo(1, 5)
        expect(tf.sum(tf.zeros([0, 3]), 0).dataSync()).toEqual(new Float32Array(3))
      }))

    it("takes a view for what it shows of a longer array", () =>
      tf.tidy(() => {
        const long = Float32Array.from({ length: 5000 }, (_, i) => i)
        const [part, whole] = [tf.tensor1d(long.subarray(1000, 1003)), tf.tensor1d(Int32Array.of(7, 8, 9), "int32")]
        expect(Array.from(tf.add(part, tf.cast(whole, "float32")).dataSync())).toEqual([1007, 1009, 1011])
        expect(Array.from(part.dataSync())).toEqual([1000, 1001, 1002])
        expect(long[1001]).toBe(1001)
      }))

    it("keeps what was read apart from the tensor, and reads it again", () =>
      tf.tidy(() => {
        const x = tf.mul(tf.tensor1d([1, 2, 3]), 2)
        const view = tf.reshape(x, [3, 1])
        const read = x.dataSync()
        expect(Array.from(read)).toEqual([2, 4, 6])
        read.fill(0)
        expect(Array.from(x.dataSync())).toEqual([2, 4, 6])
        x.dispose()
        expect(Array.from(view.dataSync())).toEqual([2, 4, 6])
        expect(Array.from(tf.add(view, 1).dataSync())).toEqual([3, 5, 7])
      }))
  })
}
