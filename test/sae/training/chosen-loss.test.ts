import * as tf from "@tensorflow/tfjs-core"
import { beforeAll, describe, expect, it } from "vitest"
import * as Rng from "../../../src/random/rng.ts"
import { loadTestEngine } from "../../engine.ts"
import { methodOf, resolvedFor } from "../architectures/known.ts"
import { gradientValues, isSparse } from "./gradient-values.ts"
import { naiveGradients, naiveLoss, type NaiveSae } from "../naive-sae.ts"

beforeAll(loadTestEngine)

const d_in = 5
/** Wide enough that k of them are few. */
const d_sae = 40
const rows = 7

const matrix = (rng: Rng.Rng, height: number, width: number): Array<Array<number>> =>
  Array.from({ length: height }, () => Array.from({ length: width }, () => Math.fround(rng.normal())))

const example = (seed: number) => {
  const rng = Rng.make(seed, "sparse loss example")
  const W_dec = matrix(rng, d_sae, d_in).map((row) => {
    const norm = Math.hypot(...row)
    return row.map((value) => Math.fround(value / norm))
  })
  const sae: NaiveSae = {
    d_in,
    d_sae,
    W_enc: matrix(rng, d_sae, d_in),
    b_enc: matrix(rng, 1, d_sae)[0] as Array<number>,
    W_dec,
    b_dec: matrix(rng, 1, d_in)[0] as Array<number>
  }
  return { sae, x: matrix(rng, rows, d_in).map((row) => row.map((value) => 2 * value)) }
}

interface Given {
  readonly x: tf.Tensor2D
  readonly W_enc: tf.Tensor2D
  readonly b_enc: tf.Tensor1D
  readonly W_dec: tf.Tensor2D
  readonly b_dec: tf.Tensor1D
}

const lossOf = (
  given: Given,
  architecture: "topk" | "batch_topk",
  dead: ReadonlyArray<number>,
  more: { readonly k: number; readonly variance: number; readonly k_aux: number; readonly aux_coefficient: number }
) => {
  const { variance, ...asked } = more
  const [latents, width] = given.W_enc.shape
  const options = resolvedFor(architecture, { ...asked, d_sae: latents, steps: 10, seed: 0 })
  return methodOf(architecture).loss({
    ...given,
    target: given.x,
    parts: [width],
    W_skip: undefined,
    extras: {},
    step: 1,
    variance,
    dead: Int32Array.from(dead),
    memory: {},
    options
  })
}

const run = (
  { sae, x }: ReturnType<typeof example>,
  select: "topk" | "batch_topk",
  dead: ReadonlyArray<number>,
  k_aux: number
) => {
  const options = { k: 3, variance: 4.5, k_aux, aux_coefficient: 0.25 }
  const naive = { ...options, select, dead }
  const given = {
    x: tf.tensor2d(x),
    W_enc: tf.tensor2d(sae.W_enc),
    b_enc: tf.tensor1d(sae.b_enc),
    W_dec: tf.tensor2d(sae.W_dec),
    b_dec: tf.tensor1d(sae.b_dec)
  }
  const before = tf.memory().numTensors
  const got = lossOf(given, select, dead, options)
  const sparse = isSparse(got.gradients)
  const gradients = gradientValues(got.gradients, given)
  // Nothing else was left.
  expect(tf.memory().numTensors).toBe(before)
  tf.dispose(Object.values(given))
  return { got, sparse, gradients, expected: naiveLoss(sae, x, naive), slopes: naiveGradients(sae, x, naive) }
}

const closeTo = (got: ReadonlyArray<number>, expected: ReadonlyArray<number>): void => {
  expect(got.length).toBe(expected.length)
  const size = Math.max(...expected.map(Math.abs))
  for (const [i, value] of expected.entries()) expect(Math.abs((got[i] as number) - value)).toBeLessThan(2e-5 * size)
}

for (const select of ["topk", "batch_topk"] as const) {
  for (const [name, dead, k_aux] of [
    ["no dead latents", [], 2],
    ["fewer dead latents than k_aux", [1, 6], 4],
    ["more dead latents than k_aux", [0, 2, 3, 5, 8], 2]
  ] as const) {
    describe(`${select} with ${name}`, () => {
      for (const seed of [1, 2, 3]) {
        it(`agrees with the dense f64 loss and its central differences (seed ${seed})`, () => {
          const { got, sparse, gradients, expected, slopes } = run(example(seed), select, dead, k_aux)
          expect(sparse).toBe(true)
          closeTo([got.loss], [expected.loss])
          closeTo([got.mse], [expected.mse])
          closeTo([got.aux_loss, 1], [expected.aux, 1])
          const active = expected.active.flatMap((latents, row) => latents.map((latent) => `${row} ${latent}`))
          const chosen = [...got.activations].flatMap((value, i) =>
            value > 0 ? [`${got.pattern.row[i]} ${got.pattern.latent[i]}`] : []
          )
          expect(chosen).toEqual(active)
          closeTo(gradients["W_enc"] ?? [], slopes.W_enc.flat())
          closeTo(gradients["b_enc"] ?? [], slopes.b_enc)
          closeTo(gradients["W_dec"] ?? [], slopes.W_dec.flat())
          closeTo(gradients["b_dec"] ?? [], slopes.b_dec)
        })
      }
    })
  }
}

it("the auxiliary loss decodes without bias and holds the residual fixed", () => {
  // One row pair, d_in 1, latent 0 live, latent 1 dead. x = 3 and 5, b_dec 1, z = x - 1: latent 0 gives 2 and 4 with
  // decoder row 0.5, so x_hat = 1 + 1 = 2 and 1 + 2 = 3, residual 1 and 2. Latent 1: z = 0.1 (x - 1) = 0.2 and 0.4,
  // decoded 0.2 and 0.4 (no bias). Missed: 0.8 and 1.6, squared 0.64 + 2.56 = 3.2. The residual's mean is 1.5, its spread
  // 0.25 + 0.25 = 0.5. Loss: 6.4.
  const given = {
    x: tf.tensor2d([[3], [5]]),
    W_enc: tf.tensor2d([[1], [0.1]]),
    b_enc: tf.tensor1d([0, 0]),
    W_dec: tf.tensor2d([[0.5], [1]]),
    b_dec: tf.tensor1d([1])
  }
  const { aux_loss, mse, gradients } = lossOf(given, "topk", [1], { k: 1, variance: 1, k_aux: 1, aux_coefficient: 1 })
  expect(mse).toBeCloseTo((1 + 4) / 2, 6)
  expect(aux_loss).toBeCloseTo(6.4, 5)
  // d aux / d W_dec[1] = sum 2 (e_hat - e) f / 0.5 = 2 (-0.8 * 0.2 - 1.6 * 0.4) / 0.5 = -3.2. Latent 0 gets nothing of it.
  const { W_dec } = gradientValues(gradients, given)
  expect(W_dec?.[1]).toBeCloseTo(-3.2, 5)
  // d mse / d W_dec[0] = mean 2 (x_hat - x) f = (2 * -1 * 2 + 2 * -2 * 4) / 2 = -10.
  expect(W_dec?.[0]).toBeCloseTo(-10, 5)
})
