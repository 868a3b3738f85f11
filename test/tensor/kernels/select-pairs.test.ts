/**
 * Selection with a proof: what is chosen, and every bit of its values, is what all exact values give, whoever multiplied.
 * Exact values are written down here once more, rounding by rounding.
 */
import { existsSync } from "node:fs"
import * as tf from "@tensorflow/tfjs-core"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import * as Rng from "../../../src/random/rng.ts"
import { productOfRows } from "../../../src/tensor/kernels/fixed-sums.ts"
import { type Choice, type Precision, precisionProblem, selectPairs } from "../../../src/tensor/kernels/select-pairs.ts"
import { opsFit } from "../../../src/tensor/tensorflow/compiled-ops.ts"
import { instructionSet } from "../../../src/tensor/tensorflow/instruction-set.ts"
import { installedEngine } from "../../../src/tensor/tensorflow/tensorflow-status.ts"
import { loadTestEngine } from "../../engine.ts"

const engine = installedEngine()
const there = engine !== undefined && existsSync(engine.operations) && opsFit(instructionSet())
if (!there) process.stderr.write("SKIPPED: no operations of our own here, so that selection is not checked\n")

const smallest = 2 ** -126
/** A f32 number; one that is too small for its exponent is zero. */
const f32 = (x: number): number => {
  const rounded = Math.fround(x)
  return Math.abs(rounded) < smallest ? 0 : rounded
}

const lanes = 16

/** `Dot` of ops.h: sixteen sums side by side, halved, and the rest one by one. */
const dot = (x: Float32Array, W: Float32Array, row: number, latent: number, d: number): number => {
  const sums = Array.from({ length: lanes }, () => 0)
  const product = (c: number): number => f32(f32(x[row * d + c]!) * f32(W[latent * d + c]!))
  const whole = d - (d % lanes)
  for (let c = 0; c < whole; c++) sums[c % lanes] = f32(sums[c % lanes]! + product(c))
  for (let half = lanes / 2; half >= 1; half /= 2) {
    for (let l = 0; l < half; l++) sums[l] = f32(sums[l]! + sums[l + half]!)
  }
  let sum = sums[0]!
  for (let c = whole; c < d; c++) sum = f32(sum + product(c))
  return sum
}

interface Case {
  readonly rows: number
  readonly latents: number
  readonly d: number
  readonly x: Float32Array
  readonly W: Float32Array
  readonly bias: Float32Array
}

type Triple = readonly [row: number, latent: number, value: number]

const exactly = ({ rows, latents, d, x, W, bias }: Case): ReadonlyArray<Triple> =>
  Array.from({ length: rows * latents }, (_, i) => {
    const [row, j] = [Math.floor(i / latents), i % latents]
    return [row, j, f32(dot(x, W, row, j, d) + f32(bias[j]!))] as const
  })

const largest = (all: ReadonlyArray<Triple>, count: number, size: (value: number) => number): ReadonlyArray<Triple> =>
  all
    .toSorted((a, b) => size(b[2]) - size(a[2]) || a[0] - b[0] || a[1] - b[1])
    .slice(0, count)
    .toSorted((a, b) => a[0] - b[0] || a[1] - b[1])

const wanted = (given: Case, choice: Choice, absolute: boolean): ReadonlyArray<Triple> => {
  const all = exactly(given)
  const size = absolute ? Math.abs : (value: number) => value
  if ("above" in choice) return all.filter(([, , value]) => size(value) > (choice.above as number))
  if (choice.from === "batch") return largest(all, choice.count, size)
  return Array.from({ length: given.rows }, (_, row) => row).flatMap((row) =>
    largest(all.slice(row * given.latents, (row + 1) * given.latents), choice.count, size)
  )
}

const choose = ({ rows, latents, d, x, W, bias }: Case, choice: Choice, precision: Precision, absolute: boolean) => {
  const tensors = [tf.tensor2d(x, [rows, d]), tf.tensor2d(W, [latents, d]), tf.tensor1d(bias)] as const
  const before = tf.memory().numTensors
  const { codes, candidates } = selectPairs(...tensors, choice, { precision, absolute })
  const value = codes.value.dataSync<"float32">()
  codes.value.dispose()
  expect(tf.memory().numTensors, "tensors left behind").toBe(before)
  tf.dispose([...tensors])
  const pairs = Array.from(codes.latent, (latent, i): Triple => [codes.row[i]!, latent, value[i]! + 0])
  return { pairs, candidates: candidates! }
}

/** What rows and weights are like. */
const kinds = {
  random: (x: number) => x,
  // A column that holds nearly all of the norm, as massive activations do, and one that is large.
  outliers: (x: number, c: number) => (c === 3 ? 3000 + x : c === 7 ? 40 * x : x),
  ties: (x: number) => Math.round(x),
  subnormal: (x: number) => x * 1e-39,
  small: (x: number) => x * 1e-20,
  huge: (x: number) => x * 1e19,
  // Latents alike to the last bits.
  alike: (x: number, c: number) => Math.sin(c) + x * 1e-7
} satisfies Record<string, (x: number, c: number) => number>

const cases: fc.Arbitrary<Case> = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    latents: fc.integer({ min: 1, max: 150 }),
    d: fc.integer({ min: 1, max: 70 }),
    ofX: fc.constantFrom(...(Object.keys(kinds) as Array<keyof typeof kinds>)),
    ofW: fc.constantFrom(...(Object.keys(kinds) as Array<keyof typeof kinds>)),
    bias: fc.constantFrom(0, 1e-3, 1),
    seed: fc.nat()
  })
  .map(({ rows, latents, d, ofX, ofW, bias, seed }) => {
    const rng = Rng.make(seed, "selection")
    const numbers = (kind: keyof typeof kinds, count: number) =>
      Float32Array.from({ length: count * d }, (_, i) => kinds[kind](rng.normal(), i % d))
    const [x, W] = [numbers(ofX, rows), numbers(ofW, latents)]
    return { rows, latents, d, x, W, bias: Float32Array.from({ length: latents }, () => bias * rng.normal()) }
  })
  // What is infinite or no number in f32 is refused or equal to everything.
  .filter((given) => exactly(given).every(([, , value]) => Number.isFinite(value)))

describe.skipIf(!there)("pairs are chosen, to the bit, as from all exact values", () => {
  beforeAll(loadTestEngine)

  const precisions = ["f32", "bf16", "int16", "int8"] as const
  const choices: ReadonlyArray<readonly [string, (given: Case, share: number) => Choice]> = [
    ["the largest of rows", ({ latents }, share) => ({ from: "rows", count: Math.ceil(share * latents) })],
    [
      "the largest of a batch",
      ({ rows, latents }, share) => ({ from: "batch", count: Math.ceil(share * rows * latents) })
    ],
    ["those above a limit", (given, share) => ({ above: exactly(given)[Math.floor(share * given.rows)]![2] })]
  ]
  for (const [name, choiceOf] of choices) {
    it(`${name}, of random numbers, outlier columns, ties, subnormal and huge ones`, () => {
      fc.assert(
        fc.property(cases, fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.boolean(), (given, share, absolute) => {
          const choice = choiceOf(given, share)
          const expected = wanted(given, choice, absolute)
          for (const precision of precisions) {
            if (precisionProblem(precision) !== undefined) continue
            const { pairs } = choose(given, choice, precision, absolute)
            const off = Array.from({ length: Math.max(pairs.length, expected.length) }, (_, i) => i).find(
              (i) => !pairs[i]?.every((part, n) => part === expected[i]?.[n])
            )
            if (off !== undefined) expect([precision, off, pairs[off]]).toEqual([precision, off, expected[off]])
          }
        }),
        { numRuns: 60 }
      )
    })
  }

  it("from few candidates, also where one column holds most of the norm", () => {
    const rng = Rng.make(5, "candidates")
    const [rows, latents, d] = [32, 1500, 128]
    for (const kind of ["random", "outliers"] as const) {
      const x = Float32Array.from({ length: rows * d }, (_, i) => kinds[kind](rng.normal(), i % d))
      const W = Float32Array.from({ length: latents * d }, () => rng.normal())
      const given = { rows, latents, d, x, W, bias: new Float32Array(latents) }
      for (const precision of precisions) {
        if (precisionProblem(precision) !== undefined) continue
        const { candidates } = choose(given, { from: "rows", count: 16 }, precision, false)
        expect(candidates / rows).toBeLessThan({ f32: 17, int16: 17, bf16: 24, int8: 40 }[precision])
      }
    }
  })

  it("also where later rows have nothing of what earlier ones have", () => {
    const rng = Rng.make(6, "rows unlike")
    const [rows, latents, d] = [260, 320, 16]
    // Latents look at the first half of the columns, later rows have less of it, the last ones hardly any.
    const here = (c: number): boolean => c < d / 2
    const x = Float32Array.from({ length: rows * d }, (_, i) => {
      const row = Math.floor(i / d)
      return rng.normal() * (row < 130 === here(i % d) ? 1 : row < 200 ? 0.8 : 0.1)
    })
    const W = Float32Array.from({ length: latents * d }, (_, i) => rng.normal() * (here(i % d) ? 1 : 1e-3))
    const given = { rows, latents, d, x, W, bias: new Float32Array(latents) }
    for (const choice of [
      { from: "rows", count: 3 },
      { from: "batch", count: 4 * rows }
    ] as const) {
      const expected = wanted(given, choice, false)
      for (const precision of precisions) {
        if (precisionProblem(precision) === undefined)
          expect(choose(given, choice, precision, false).pairs).toEqual(expected)
      }
    }
  })

  it("also where rows are longer than what is multiplied in one go, and no whole number of tiles", () => {
    const rng = Rng.make(7, "long rows")
    const [rows, latents, d] = [13, 150, 1100]
    const drawn = (n: number): Float32Array => Float32Array.from({ length: n }, () => rng.normal())
    const given = { rows, latents, d, x: drawn(rows * d), W: drawn(latents * d), bias: drawn(latents) }
    for (const choice of [{ from: "rows", count: 5 }, { from: "batch", count: 50 }, { above: 60 }] as const) {
      const expected = wanted(given, choice, false)
      for (const precision of precisions) {
        if (precisionProblem(precision) !== undefined) continue
        const { pairs, candidates } = choose(given, choice, precision, false)
        expect(pairs).toEqual(expected)
        // Sums that left a part out would leave more than these, or miss some.
        if (precision === "f32" || precision === "int16") expect(candidates).toBeLessThan(1.1 * expected.length + 2)
      }
    }
  })

  it("beside whole products of long rows, which are exact for whole numbers", () => {
    const rng = Rng.make(8, "long products")
    const [n, m, d] = [13, 70, 1100]
    const whole = (count: number): Float32Array => Float32Array.from({ length: count }, () => rng.int(21) - 10)
    const [a, b] = [whole(n * d), whole(m * d)]
    const tensors = [tf.tensor2d(a, [n, d]), tf.tensor2d(b, [m, d])] as const
    const product = productOfRows(...tensors)
    const expected = Float32Array.from({ length: n * m }, (_, i) => {
      const [row, other] = [Math.floor(i / m), i % m]
      let sum = 0
      for (let c = 0; c < d; c++) sum += a[row * d + c]! * b[other * d + c]!
      return sum
    })
    expect(product.dataSync<"float32">()).toEqual(expected)
    tf.dispose([product, ...tensors])
  })

  it("not from NaN, which is refused", () => {
    const zeros = { rows: 2, latents: 80, d: 20 }
    const given = { ...zeros, x: new Float32Array(40), W: new Float32Array(1600), bias: new Float32Array(80) }
    for (const name of ["x", "W", "bias"] as const) {
      const broken = { ...given, [name]: given[name].map((v, i) => (i === 19 ? Number.NaN : v)) }
      for (const choice of [{ from: "rows", count: 3 }, { from: "batch", count: 7 }, { above: 0 }] as const) {
        expect(() => choose(broken, choice, "f32", false)).toThrow("NaN")
      }
    }
  })
})
