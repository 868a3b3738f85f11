/** Choosing the largest from bfloat16 candidates: the same pairs as from exact products, and their exact values. */
import { existsSync } from "node:fs"
import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import * as Rng from "../../../src/random/rng.ts"
import { opsFit } from "../../../src/tensor/tensorflow/compiled-ops.ts"
import { selectByCandidates } from "../../../src/tensor/kernels/compiled-kernels.ts"
import { instructionSet } from "../../../src/tensor/tensorflow/instruction-set.ts"
import { installedEngine } from "../../../src/tensor/tensorflow/tensorflow-status.ts"
import { loadTestEngine } from "../../engine.ts"

const engine = installedEngine()
const there = engine !== undefined && existsSync(engine.operations) && opsFit(instructionSet())
if (!there) process.stderr.write("SKIPPED: no operations of our own here, so that candidates are not checked\n")

const [rows, d, latents, k] = [48, 64, 700, 8]

const normal = (seed: number, length: number): Float32Array => {
  const rng = Rng.make(seed, "candidates")
  return Float32Array.from({ length }, () => rng.normal())
}

/** z of every row and latent, in f64. */
const exactly = (x: Float32Array, W: Float32Array, bias: Float32Array): ReadonlyArray<Float64Array> =>
  Array.from({ length: rows }, (_, r) =>
    Float64Array.from({ length: latents }, (__, j) => {
      let z = bias[j] as number
      for (let c = 0; c < d; c++) z += (x[r * d + c] as number) * (W[j * d + c] as number)
      return z
    })
  )

const choose = (mode: "rows" | "batch", x: Float32Array, W: Float32Array, bias: Float32Array) => {
  const tensors = [tf.tensor2d(x, [rows, d]), tf.tensor2d(W, [latents, d]), tf.tensor1d(bias)] as const
  const before = tf.memory().numTensors
  const { codes, redone } = selectByCandidates(mode, mode === "rows" ? k : k * rows, ...tensors)
  const value = codes.value.dataSync<"float32">()
  codes.value.dispose()
  expect(tf.memory().numTensors).toBe(before)
  tf.dispose([...tensors])
  return { codes, value, redone }
}

describe.skipIf(!there)("candidates in bfloat16", () => {
  beforeAll(loadTestEngine)

  for (const mode of ["rows", "batch"] as const) {
    it(`are chosen from as exact numbers are, ${mode}`, () => {
      for (const seed of [1, 2, 3]) {
        const [x, W, bias] = [normal(seed, rows * d), normal(seed + 10, latents * d), normal(seed + 20, latents)]
        const z = exactly(x, W, bias)
        const { codes, value } = choose(mode, x, W, bias)
        const flat = z.flatMap((row, r) => Array.from(row, (v, j) => [v, r, j] as const))
        const largest = (list: typeof flat, count: number) =>
          list
            .toSorted((a, b) => b[0] - a[0])
            .slice(0, count)
            .toSorted((a, b) => a[1] - b[1] || a[2] - b[2])
        const expected =
          mode === "batch"
            ? largest(flat, k * rows)
            : z.flatMap((_, r) => largest(flat.slice(r * latents, (r + 1) * latents), k))
        expect(Array.from(value, (_, i) => [codes.row[i], codes.latent[i]])).toEqual(expected.map(([, r, j]) => [r, j]))
        for (const [i, [v]] of expected.entries()) expect(Math.abs((value[i] as number) - v)).toBeLessThan(2e-5)
      }
    })
  }

  it("are taken again where too few were, and are right then too", () => {
    // A hundred latents so alike that bfloat16 cannot tell them apart: k + 16 candidates say nothing about the rest.
    const x = normal(4, rows * d)
    const W = normal(5, latents * d)
    const small = normal(6, latents * d)
    for (let j = 100; j < 200; j++) {
      for (let c = 0; c < d; c++) W[j * d + c] = 3 * (W[99 * d + c] as number) + 1e-4 * (small[j * d + c] as number)
    }
    const bias = new Float32Array(latents)
    const z = exactly(x, W, bias)
    const { codes, value, redone } = choose("rows", x, W, bias)
    expect(redone).toBeGreaterThan(5)
    for (let r = 0; r < rows; r++) {
      const kth = (z[r] as Float64Array).toSorted().at(-k) as number
      for (let i = codes.rowStart[r] as number; i < (codes.rowStart[r + 1] as number); i++) {
        // Equal to 2e-5 are numbers whose order is a matter of rounding.
        expect(value[i]).toBeGreaterThan(kth - 2e-5)
      }
    }
  })

  it("are refused among NaN", () => {
    const x = normal(7, rows * d)
    x[5] = Number.NaN
    const given = [x, normal(8, latents * d), new Float32Array(latents)] as const
    for (const mode of ["rows", "batch"] as const) expect(() => choose(mode, ...given)).toThrow("NaN")
  })
})
