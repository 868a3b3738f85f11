/**
 * The blocks of the forward pass against their formulas in f64, both as they are when a gradient is taken and as they are
 * otherwise (operations of our own, where there are any).
 */
import * as tf from "@tensorflow/tfjs-core"
import * as fc from "fast-check"
import { beforeAll, describe, expect, it } from "vitest"
import { type ActivationFunction, activationFunction } from "../../src/model/blocks/activation-function.ts"
import { attend, attentionPattern, causalSight, mixValues } from "../../src/model/blocks/attention.ts"
import { layerNorm } from "../../src/model/blocks/norm.ts"
import { rmsNorm } from "../../src/model/blocks/norm.ts"
import { byHead } from "../../src/model/blocks/heads.ts"
import { modelKernelsApply } from "../../src/tensor/kernels/model-kernels.ts"
import * as Rng from "../../src/random/rng.ts"
import { loadTestEngine } from "../engine.ts"

beforeAll(loadTestEngine)

const normal = (seed: number, length: number, scale = 1): Float32Array => {
  const rng = Rng.make(seed, "blocks")
  return Float32Array.from({ length }, () => rng.normal() * scale)
}

/** What a block gives without a gradient and with one. */
const bothWays = (block: (x: tf.Tensor) => tf.Tensor, x: Float32Array, shape: Array<number>) => {
  const before = tf.memory().numTensors
  const results = tf.tidy(() => {
    const input = tf.tensor(x, shape)
    const composed = tf.valueAndGrad((given: tf.Tensor) => block(given))(input).value
    return [block(input), composed].map((y) => y.dataSync<"float32">())
  })
  expect(tf.memory().numTensors).toBe(before)
  return results
}

/** Within the tolerance, in units of the wanted values, and of `unit` where the inputs' own rounding is more than that. */
const expectClose = (
  found: Float32Array,
  wanted: ReadonlyArray<number>,
  tolerance: number,
  unit: ReadonlyArray<number> = []
): void => {
  expect(found.length).toBe(wanted.length)
  const worst = wanted.reduce((most, y, i) => {
    const error = Math.abs((found[i] as number) - y) / Math.max(1, Math.abs(y), unit[i] ?? 0)
    return error > most || Number.isNaN(error) ? error : most
  }, 0)
  expect(worst).toBeLessThan(tolerance)
}

/** By a series of positive terms; beyond 6 there is nothing left of f64. */
const erf = (x: number): number => {
  if (Math.abs(x) > 6) return Math.sign(x)
  let [term, sum] = [x, x]
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1)
    sum += term
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

const formulas: Readonly<Record<string, (x: number) => number>> = {
  gelu: (x) => 0.5 * x * (1 + erf(x / Math.SQRT2)),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  silu: (x) => x / (1 + Math.exp(-x))
}

const seeds = fc.integer({ min: 0, max: 2 ** 30 })

describe("the blocks of a forward pass", () => {
  for (const [name, formula] of Object.entries(formulas)) {
    const own = activationFunction(name) as ActivationFunction
    it(`${name} is its formula, for small numbers and large ones, of what a bias was added to, times a factor`, () => {
      const sizes = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 70 }))
      fc.assert(
        fc.property(seeds, sizes, fc.constantFrom(1e-3, 1, 5, 40), fc.boolean(), (seed, [rows, d], scale, plain) => {
          const [x, b, f] = [normal(seed, rows * d, scale), normal(seed + 1, d), normal(seed + 2, rows * d)]
          const wanted = [...x].map((v, i) =>
            plain ? formula(v) : formula(Math.fround(v + (b[i % d] as number))) * (f[i] as number)
          )
          const [bias, factor] = [tf.tensor1d(b), tf.tensor2d(f, [rows, d])]
          const block = (t: tf.Tensor) => (plain ? own(t) : own(t, bias, factor))
          for (const y of bothWays(block, x, [rows, d])) expectClose(y, wanted, 3e-6)
          tf.dispose([bias, factor])
        })
      )
    })

    it(`${name} of NaN is NaN, of large numbers themselves or nothing`, () => {
      for (const y of bothWays((x) => own(x), Float32Array.of(Number.NaN, 1e4, -1e4, 0), [4])) {
        expect([...y]).toEqual([Number.NaN, 1e4, expect.closeTo(0, 20), 0])
      }
    })
  }

  it("normalisations are their formulas, with a bias and without", () => {
    const sizes = fc.record({ rows: fc.integer({ min: 1, max: 40 }), d: fc.integer({ min: 1, max: 150 }) })
    fc.assert(
      fc.property(seeds, sizes, fc.constantFrom(1e-2, 1, 300), fc.boolean(), (seed, { rows, d }, scale, biased) => {
        const [x, w, b] = [normal(seed, rows * d, scale), normal(seed + 1, d), normal(seed + 2, d)]
        const epsilon = 1e-5
        const perRow = Array.from({ length: rows }, (_, r) => [...x.subarray(r * d, (r + 1) * d)])
        const meanOf = (row: ReadonlyArray<number>): number => row.reduce((sum, v) => sum + v, 0) / d
        const deviationOf = (row: ReadonlyArray<number>, mean: number): number =>
          Math.sqrt(row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / d + epsilon)
        const reference = (centre: boolean): Array<number> =>
          perRow.flatMap((row) => {
            const mean = centre ? meanOf(row) : 0
            const deviation = deviationOf(row, mean)
            return row.map(
              (v, j) => ((v - mean) / deviation) * (w[j] as number) + (centre && biased ? (b[j] as number) : 0)
            )
          })
        // The mean of large numbers is rounded as they are, and a row of nearly equal ones is that much divided by nearly nothing.
        const rounded = perRow.flatMap((row) => {
          const mean = meanOf(row)
          const deviation = deviationOf(row, mean)
          const largest = Math.max(...row.map(Math.abs)) / deviation
          return row.map((v, j) => largest * (1 + Math.abs(v - mean) / deviation) * Math.abs(w[j] as number))
        })
        const weight = tf.tensor1d(w)
        const bias = biased ? tf.tensor1d(b) : undefined
        for (const y of bothWays((t) => layerNorm(t, { weight, bias }, epsilon), x, [rows, d])) {
          expectClose(y, reference(true), 2e-6, rounded)
        }
        for (const y of bothWays((t) => rmsNorm(t, { weight, bias: undefined }, epsilon), x, [1, rows, d])) {
          expectClose(y, reference(false), 2e-6)
        }
        tf.dispose(bias === undefined ? [weight] : [weight, bias])
      })
    )
  })

  it("heads of a range get their bias, change places with time, and turn their leading entries by position", () => {
    const sizes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      time: fc.integer({ min: 1, max: 9 }),
      before: fc.integer({ min: 0, max: 2 }),
      count: fc.integer({ min: 1, max: 4 }),
      after: fc.integer({ min: 0, max: 2 }),
      d: fc.integer({ min: 1, max: 12 }),
      share: fc.double({ min: 0, max: 1, noNaN: true })
    })
    fc.assert(
      fc.property(seeds, sizes, fc.boolean(), fc.boolean(), (seed, given, turned, biased) => {
        const { batch, time, before: from, count, d } = given
        const heads = from + count + given.after
        const half = turned ? Math.floor((given.share * d) / 2) : 0
        const [x, shift] = [normal(seed, batch * time * heads * d), normal(seed + 3, heads * d)]
        const [cos, sin] = [normal(seed + 1, time * half), normal(seed + 2, time * half)]
        const wanted: Array<number> = []
        for (let b = 0; b < batch; b++) {
          for (let h = from; h < from + count; h++) {
            for (let t = 0; t < time; t++) {
              const at = (i: number) =>
                (x[((b * time + t) * heads + h) * d + i] as number) + (biased ? (shift[h * d + i] as number) : 0)
              const [c, s] = [(i: number) => cos[t * half + i] as number, (i: number) => sin[t * half + i] as number]
              for (let i = 0; i < d; i++) {
                const j = i - half
                if (i < half) wanted.push(at(i) * c(i) - at(i + half) * s(i))
                else wanted.push(i < 2 * half ? at(i) * c(j) + at(j) * s(j) : at(i))
              }
            }
          }
        }
        const made = [tf.tensor2d(cos, [time, half]), tf.tensor2d(sin, [time, half]), tf.tensor1d(shift)] as const
        const tables = half > 0 ? { dims: 2 * half, cos: made[0], sin: made[1] } : undefined
        const range = { from, count, bias: biased ? made[2] : undefined }
        const block = (t: tf.Tensor) => byHead(t as tf.Tensor4D, tables, range)
        for (const y of bothWays(block, x, [batch, time, heads, d])) expectClose(y, wanted, 2e-6)
        tf.dispose([...made])
      })
    )
  })

  it("attention patterns are softmaxes of what each query may see, scaled and capped, keys shared by queries", () => {
    const sizes = fc.record({
      batch: fc.integer({ min: 1, max: 2 }),
      time: fc.integer({ min: 1, max: 20 }),
      before: fc.constantFrom(0, 0, 3),
      window: fc.integer({ min: 1, max: 20 }),
      shared: fc.integer({ min: 1, max: 3 }),
      queries: fc.integer({ min: 1, max: 2 }),
      cap: fc.constantFrom(undefined, 0.7, 30)
    })
    const d = 5
    fc.assert(
      fc.property(seeds, sizes, fc.constantFrom(1, 0.3, 4), (seed, given, scale) => {
        const { batch, time, before, shared, queries, cap } = given
        const keys = before + time
        const window = Math.min(given.window, keys)
        const heads = shared * queries
        const [q, k] = [normal(seed, batch * heads * time * d), normal(seed + 1, batch * shared * keys * d)]
        const wanted: Array<number> = []
        for (let row = 0; row < batch * heads * time; row++) {
          const [t, head] = [before + (row % time), Math.floor(row / time)]
          const [b, h] = [Math.floor(head / heads), head % heads]
          const scores = Array.from({ length: keys }, (_, s) => {
            if (s > t || s <= t - window) return Number.NEGATIVE_INFINITY
            const key = ((b * shared + Math.floor(h / queries)) * keys + s) * d
            let score = 0
            for (let i = 0; i < d; i++) score += (q[row * d + i] as number) * (k[key + i] as number) * scale
            return cap === undefined ? score : cap * Math.tanh(score / cap)
          })
          const powers = scores.map((score) => Math.exp(score - Math.max(...scores)))
          const total = powers.reduce((sum, power) => sum + power, 0)
          wanted.push(...powers.map((power) => power / total))
        }
        const key = tf.tensor4d(k, [batch, shared, keys, d])
        const sight = causalSight(time, keys, window)
        const block = (query: tf.Tensor) => attentionPattern(query as tf.Tensor4D, key, { scale, cap }, sight)
        for (const y of bothWays(block, q, [batch, heads, time, d])) {
          expectClose(y, wanted, 2e-5)
          wanted.forEach((value, i) => value === 0 && expect(y[i]).toBe(0))
        }
        key.dispose()
      })
    )
  })

  it("attention in parts mixes what attention as a whole does, and for a query nothing that comes after it counts", () => {
    const [batch, heads, shared, scale] = [2, 4, 2, 0.4]
    for (const [time, before, window, cap, d] of [
      [260, 0, 260, undefined, 5],
      [140, 40, 180, undefined, 5],
      [140, 40, 100, 3, 70],
      [129, 0, 2, undefined, 64],
      [1, 130, 131, undefined, 16],
      [7, 0, 7, undefined, 130]
    ] as const) {
      const keys = before + time
      const made = [
        tf.tensor4d(normal(1, batch * heads * time * d), [batch, heads, time, d]),
        tf.tensor4d(normal(2, batch * shared * keys * d), [batch, shared, keys, d]),
        tf.tensor4d(normal(3, batch * shared * keys * d), [batch, shared, keys, d])
      ] as const
      const [query, key, value] = made
      for (const sinks of [undefined, tf.tensor1d([0.5, -1, 0, 2])]) {
        const scores = { scale, cap, sinks }
        tf.tidy(() => {
          const whole = mixValues(attentionPattern(query, key, scores, causalSight(time, keys, window)), value)
          const wanted = Array.from(whole.dataSync<"float32">())
          const inParts = attend(query, key, value, scores, window)
          expect(inParts.shape).toEqual([batch, time, heads, d])
          if (modelKernelsApply()) expect([...inParts.dataSync<"float32">()]).toEqual(wanted)
          else expectClose(inParts.dataSync<"float32">(), wanted, 2e-6)
          const inBlocks = tf.valueAndGrad((x: tf.Tensor) => attend(x as tf.Tensor4D, key, value, scores, window))(
            query
          )
          expectClose(inBlocks.value.dataSync<"float32">(), wanted, 2e-6)
          if (!modelKernelsApply() || time === 1) return
          const first = (x: tf.Tensor4D, count: number) => tf.slice(x, [0, 0, 0, 0], [-1, -1, count, -1])
          const begun = attend(first(query, time - 2), first(key, keys - 2), first(value, keys - 2), scores, window)
          const same = tf.slice(inParts, [0, 0, 0, 0], [-1, time - 2, -1, -1])
          expect(begun.dataSync<"float32">()).toEqual(same.dataSync<"float32">())
        })
        sinks?.dispose()
      }
      tf.dispose([...made])
    }
  })
})
