import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { beforeAll, describe, expect } from "vitest"
import type { RowSet } from "../../../src/kinds/activations/row-set.ts"
import { densityHistogram } from "../../../src/sae/evaluate/density-figures.ts"
import { evaluateReconstruction } from "../../../src/sae/evaluate/evaluate-reconstruction.ts"
import { makeReconstructionSums } from "../../../src/sae/evaluate/reconstruction-sums.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

const metrics = (batches: ReadonlyArray<readonly [ReadonlyArray<number>, ReadonlyArray<number>]>, d_in: number) => {
  const sums = makeReconstructionSums(d_in)
  for (const [x, xHat] of batches) sums.add(Float32Array.from(x), Float32Array.from(xHat))
  return sums.result()
}

describe("explained variance", () => {
  // Four rows of two numbers around (1000, 0): mean (1001, 0.5).
  //   x:     (1000, 0) (1002, 0) (1000, 1) (1002, 1)
  //   x_hat: (1000, 0) (1002, 0) (1001, 1) (1002, 0)
  // |x - x_hat|^2 = 0, 0, 1, 1: mean 0.5. |x - mean|^2 = 1 + 0.25 = 1.25 for each row.
  const x = [1000, 0, 1002, 0, 1000, 1, 1002, 1]
  const xHat = [1000, 0, 1002, 0, 1001, 1, 1002, 0]

  it("is about the mean of the whole set: 1 - 0.5 / 1.25 = 0.6 by hand, on data with a large mean", () => {
    const result = metrics([[x, xHat]], 2)
    expect(result.mse).toBe(0.5)
    expect(result.variance).toBeCloseTo(1.25, 10)
    expect(result.explained_variance).toBeCloseTo(0.6, 10)
    // About zero it would be 1 - 0.5 / 1002001.5, which says nothing: a known bug of older tools.
    expect(result.explained_variance).not.toBeCloseTo(1, 2)
  })

  it("does not depend on the batches, which the legacy definition does", () => {
    const whole = metrics([[x, xHat]], 2)
    const halves = metrics(
      [
        [x.slice(0, 4), xHat.slice(0, 4)],
        [x.slice(4), xHat.slice(4)]
      ],
      2
    )
    expect(halves.explained_variance).toBeCloseTo(whole.explained_variance, 10)
    // Legacy over the whole set: ratios 0, 0, 0.8, 0.8: 1 - 0.4 = 0.6. Over halves each row is 1 from its batch's mean:
    // ratios 0, 0, 1, 1: 0.5.
    expect(whole.explained_variance_legacy).toBeCloseTo(0.6, 10)
    expect(halves.explained_variance_legacy).toBeCloseTo(0.5, 10)
  })

  it("has other definitions under names of their own, by hand", () => {
    // x_hat = x + (1, 0): an error that does not vary. About zero the rows' mean square is 1002002.
    const [shifted] = [x.map((value, i) => value + (i % 2 === 0 ? 1 : 0))]
    const result = metrics([[x, shifted]], 2)
    expect(result.explained_variance).toBeCloseTo(1 - 1 / 1.25, 10)
    expect(result.explained_variance_batch).toBeCloseTo(1 - 1 / 1.25, 10)
    expect(result.explained_variance_centred).toBeCloseTo(1, 10)
    const square = x.reduce((sum, value) => sum + value * value, 0) / 4
    expect(result.explained_variance_uncentred).toBeCloseTo(1 - 1 / square, 10)
    // Over halves, whose first rows differ by 2 in one number and whose last do: 1 from their mean each.
    const halves = metrics(
      [
        [x.slice(0, 4), xHat.slice(0, 4)],
        [x.slice(4), xHat.slice(4)]
      ],
      2
    )
    // Ratios 1 - 0 / 2 and 1 - 2 / 2; errors of the second half (-1, 0) and (0, 1) vary by 1 about their mean.
    expect(halves.explained_variance_batch).toBeCloseTo(0.5, 10)
    expect(halves.explained_variance_centred).toBeCloseTo((1 + (1 - 1 / 2)) / 2, 10)
  })

  it("comes with how far reconstructions shrink: twice too small is a bias of a half", () => {
    const { l2_ratio, relative_reconstruction_bias: bias } = metrics([[x, x.map((value) => value / 2)]], 2)
    expect(l2_ratio).toBeCloseTo(0.5, 12)
    expect(bias).toBeCloseTo(0.5, 12)
  })

  it("sees a constant bias in the reconstruction", () => {
    const biased = metrics([[x, x.map((value) => value + 1)]], 2)
    // |x - x_hat|^2 = 2 on every row: 1 - 2 / 1.25 = -0.6.
    expect(biased.explained_variance).toBeCloseTo(-0.6, 10)
  })

  it("keeps its digits whatever the mean", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4096 }), fc.integer({ min: 1, max: 50 }), (mean, seed) => {
        const rows = Array.from({ length: 40 }, (_, i) => Math.round(16 * Math.sin(i * seed)) / 16)
        const errors = Array.from({ length: 40 }, (_, i) => Math.round(4 * Math.cos(i * seed)) / 16)
        const at = (offset: number) =>
          metrics([[rows.map((v) => v + offset), rows.map((v, i) => v + offset + (errors[i] as number))]], 4)
        expect(at(mean).explained_variance).toBeCloseTo(at(0).explained_variance, 9)
      })
    )
  })

  it("is undefined, not infinite, for rows that are all the same", () => {
    expect(
      metrics(
        [
          [
            [2, 2, 2, 2],
            [1, 1, 1, 1]
          ]
        ],
        2
      ).explained_variance
    ).toBeNaN()
  })
})

it.effect("firing statistics of a hand-made SAE", () =>
  Effect.gen(function* () {
    // Latents: x0 above 1, x1 above 0, and one that never fires. Rows (2, 1), (3, 0), (1, 4), (0.5, -1).
    const model = makeSaeModel({
      d_in: 2,
      d_sae: 3,
      activation: { type: "jumprelu" },
      apply_b_dec_to_input: true,
      W_enc: Float32Array.of(1, 0, 0, 0, 1, 0),
      W_dec: Float32Array.of(1, 0, 0, 1, 1, 1),
      b_enc: Float32Array.of(0, 0, -1),
      b_dec: Float32Array.of(0, 0),
      threshold: Float32Array.of(1, -5, 0)
    })
    const activation = Float32Array.of(2, 1, 3, 0, 1, 4, 0.5, -1)
    const none = new Int32Array(4)
    const set: RowSet = {
      rows: 4,
      batches: 1,
      batch_rows: 4,
      positions_sha256: "",
      readBatch: () =>
        Effect.succeed({
          first: 0,
          rows: 4,
          activation,
          norm: new Float32Array(4),
          document: none,
          position: none,
          token: none
        }),
      loadRows: () => Effect.succeed(activation)
    }
    const result = yield* evaluateReconstruction(model, set)
    model.dispose()
    // Active: {0, 1}, {0}, {1}, {}: a threshold is not reached by being equal, and a negative one lets nothing below 0 fire.
    expect(result.l0).toBe(1)
    expect([...result.latents.density]).toEqual([0.5, 0.5, 0])
    expect([...result.latents.mean_active]).toEqual([2.5, 2.5, 0])
    expect([...result.latents.max]).toEqual([3, 4, 0])
    // x_hat: (2, 1), (3, 0), (0, 4), (0, 0): errors 0, 0, 1, 1.25.
    expect(result.mse).toBe(2.25 / 4)
    // Cosines: 1, 1, 4 / sqrt(17), and 0 for a reconstruction of zero.
    expect(result.cosine).toBeCloseTo((2 + 4 / Math.sqrt(17)) / 4, 7)
  })
)

it("the density histogram has every latent that fires in one bin", () => {
  const { edges, counts } = densityHistogram([0, 0, 1, 0.5, 0.01, 1e-9])
  expect(edges.length).toBe(counts.length + 1)
  expect(counts.reduce((a, b) => a + b)).toBe(4)
  expect(counts[0]).toBe(1)
  // log10(1) = 0 is the end of the last bin, log10(0.5) = -0.3 in [-0.5, -0.25), log10(0.01) in [-2, -1.75).
  expect(counts.at(-1)).toBe(1)
  expect(counts.at(-2)).toBe(1)
  expect(counts[edges.indexOf(-2)]).toBe(1)
})
