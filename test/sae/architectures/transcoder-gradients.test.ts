import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect } from "vitest"
import * as Rng from "../../../src/random/rng.ts"
import { groupSizes } from "../../../src/sae/architectures/matryoshka-batch-topk.ts"
import { sumOfPartNorms } from "../../../src/numeric/row-norms.ts"
import { loadTestEngine } from "../../engine.ts"
import { type AnyResolved, type AskedOptions, comparedOptions, methodOf } from "./known.ts"
import { centralDifferences } from "../central-differences.ts"
import { gradientValues } from "../training/gradient-values.ts"

beforeAll(loadTestEngine)

type Matrix = Array<Array<number>>

const [d_in, d_out, d_sae, rows] = [4, 6, 10, 8]
const variance = 3
const sparsity = 0.4

const optionsOf = (architecture: string, more: AskedOptions): AnyResolved =>
  comparedOptions(architecture, { d_sae, sparsity_coefficient: sparsity, apply_b_dec_to_input: false, ...more })

const example = (seed: number) => {
  const rng = Rng.make(seed, "transcoder")
  const vector = (n: number) => Array.from({ length: n }, () => Math.fround(rng.normal()))
  const matrix = (n: number, m: number): Matrix => Array.from({ length: n }, () => vector(m))
  return {
    W_enc: matrix(d_sae, d_in),
    b_enc: [vector(d_sae)],
    W_dec: matrix(d_sae, d_out),
    b_dec: [vector(d_out)],
    W_skip: matrix(d_out, d_in),
    x: matrix(rows, d_in),
    y: matrix(rows, d_out)
  }
}
type Example = ReturnType<typeof example>

const dot = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  a.reduce((sum, value, i) => sum + value * (b[i] as number), 0)

/** In f64, densely; `parts` are the widths whose norms a penalty adds up and a choice of several sources weighs by. */
const naiveLoss = (p: Example, options: AnyResolved, parts: ReadonlyArray<number>, skip: boolean): number => {
  const norms = p.W_dec.map((row) => sumOfPartNorms(row, parts))
  const z = p.x.map((row) => p.W_enc.map((w, j) => dot(w, row) + (p.b_enc[0]?.[j] as number)))
  const chosen = options.k * rows
  const rank = (value: number, j: number): number => (parts.length === 1 ? value : value * (norms[j] as number))
  const ranked = z.flatMap((row) => row.map(rank)).toSorted((a, b) => b - a)
  const limit = options.architecture.sparseBy === "penalty" ? 0 : (ranked[chosen - 1] as number)
  const f = z.map((row) => row.map((value, j) => (rank(value, j) >= limit ? Math.max(0, value) : 0)))
  const missed = (width: number): number => {
    let total = 0
    for (let i = 0; i < rows; i++) {
      for (let c = 0; c < d_out; c++) {
        let value = p.b_dec[0]?.[c] as number
        for (let j = 0; j < width; j++) value += (f[i]?.[j] as number) * (p.W_dec[j]?.[c] as number)
        if (skip) value += dot(p.W_skip[c] as Array<number>, p.x[i] as Array<number>)
        total += (value - (p.y[i]?.[c] as number)) ** 2 / rows
      }
    }
    return options.reconstruction === "sum" ? total : total / variance
  }
  if (options.architecture.name === "matryoshka_batch_topk") {
    let width = 0
    const sizes = groupSizes(options)
    return sizes.reduce((sum, size) => sum + missed((width += size)) / sizes.length, 0)
  }
  if (options.architecture.name === "batch_topk") return missed(d_sae)
  const penalty = f.flatMap((row) => row.map((value, j) => value * (norms[j] as number))).reduce((a, b) => a + b, 0)
  return missed(d_sae) + (sparsity * penalty) / rows
}

describe("gradients with a target of its own, a skip connection and several sources", () => {
  for (const [architecture, more, parts, skip] of [
    ["standard", { decoder_norm: "free" }, [d_out], true],
    ["standard", { decoder_norm: "free" }, [2, 4], false],
    ["batch_topk", {}, [d_out], true],
    ["batch_topk", {}, [2, 4], false],
    ["matryoshka_batch_topk", { groups: [0.3, 0.7] }, [d_out], true],
    ["matryoshka_batch_topk", { groups: [0.3, 0.7] }, [2, 1, 3], false]
  ] as const) {
    it(`${architecture}, parts of ${parts.join(" and ")}${skip ? ", with skip" : ""}`, () => {
      for (const seed of [1, 2, 3]) {
        const options = optionsOf(architecture, { skip, ...more })
        const p = example(seed)
        const tensors = {
          x: tf.tensor2d(p.x),
          target: tf.tensor2d(p.y),
          W_enc: tf.tensor2d(p.W_enc),
          b_enc: tf.tensor1d(p.b_enc[0] as Array<number>),
          W_dec: tf.tensor2d(p.W_dec),
          b_dec: tf.tensor1d(p.b_dec[0] as Array<number>)
        }
        const W_skip = skip ? tf.tensor2d(p.W_skip) : undefined
        const common = { extras: {}, memory: {}, step: 1, variance, dead: new Int32Array(0), parts, options }
        const before = tf.memory().numTensors
        const { loss, gradients } = methodOf(architecture).loss({ ...tensors, W_skip, ...common })
        const own = gradientValues(gradients, tensors)
        expect(tf.memory().numTensors).toBe(before)
        const expected = () => naiveLoss(p, options, parts, skip)
        expect(Math.abs(loss - expected())).toBeLessThan(1e-5 * expected())
        for (const [name, got] of Object.entries(own) as ReadonlyArray<[keyof Example, ReadonlyArray<number>]>) {
          const slopes = p[name].flatMap((values) => centralDifferences(expected, values))
          const size = Math.max(...slopes.map(Math.abs))
          expect(got.length, name).toBe(slopes.length)
          for (const [i, slope] of slopes.entries()) {
            expect(Math.abs((got[i] as number) - slope), `${name}[${i}]`).toBeLessThan(3e-5 * size)
          }
        }
        tf.dispose([Object.values(tensors), ...(W_skip === undefined ? [] : [W_skip])])
      }
    })
  }
})
