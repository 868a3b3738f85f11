/**
 * Rows that are sparse sums of known directions: every architecture finds them, at a setting that is stated here. The
 * score is the mean over true directions of the largest cosine with a decoder row (MMCS).
 */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import * as Rng from "../../src/random/rng.ts"
import { matrixRows } from "../../src/activations/row-source.ts"
import { latentType } from "../../src/kinds/sae/latents/latents.ts"
import { trainSae } from "../../src/sae/training/train-sae.ts"
import type { TrainingOptions } from "../../src/sae/training-options.ts"
import { loadTestEngine } from "../engine.ts"
import { type AnyOptions, architectureNames, optionsFor } from "./architectures/known.ts"

beforeAll(loadTestEngine)

const d_in = 24
const directions = 40
const active = 3

const world = () => {
  const rng = Rng.make(1, "known truth")
  const truth = Array.from({ length: directions }, () => {
    const row = Array.from({ length: d_in }, () => rng.normal())
    const norm = Math.hypot(...row)
    return row.map((x) => x / norm)
  })
  const data = new Float32Array(8000 * d_in)
  for (let start = 0; start < data.length; start += d_in) {
    for (let n = 0; n < active; n++) {
      const size = 1 + rng.float()
      for (const [c, x] of (truth[rng.int(directions)] as ReadonlyArray<number>).entries()) {
        data[start + c] = (data[start + c] as number) + size * x
      }
    }
  }
  return { truth, data }
}

const meanMaxCosine = (
  truth: ReadonlyArray<ReadonlyArray<number>>,
  W_dec: Float32Array,
  sizeOf: (cosine: number) => number = (x) => x
): number => {
  let total = 0
  for (const direction of truth) {
    let best = -1
    for (let start = 0; start < W_dec.length; start += d_in) {
      best = Math.max(best, sizeOf(direction.reduce((sum, x, c) => sum + x * (W_dec[start + c] as number), 0)))
    }
    total += best / truth.length
  }
  return total
}

const settings: Readonly<Record<string, Partial<TrainingOptions<AnyOptions>>>> = {
  matryoshka_batch_topk: { groups: [0.25, 0.75] },
  matching_pursuit: { max_iterations: active },
  standard: { sparsity_coefficient: 0.2 },
  p_anneal: { sparsity_coefficient: 0.15 },
  gated: { sparsity_coefficient: 0.45 }
}

describe("known directions are found", () => {
  for (const architecture of architectureNames) {
    it.effect(`${architecture}: MMCS of 0.9 and more`, () =>
      Effect.gen(function* () {
        const { truth, data } = world()
        const base = {
          d_sae: directions,
          k: active,
          target_l0: active,
          steps: 500,
          batch_rows: 128,
          lr: 8e-3,
          seed: 0
        }
        const options = optionsFor(architecture, { ...base, ...settings[architecture] })
        const { weights, outcome } = yield* trainSae(matrixRows(data, d_in), options)
        // A latent that may be negative finds a direction as well by its opposite.
        const { activations } = latentType({ type: options.architecture.latentType })
        const score = meanMaxCosine(truth, weights.W_dec, activations === "signed" ? Math.abs : undefined)
        if (process.env["TRUTH_PRINT"] === "1")
          process.stderr.write(`${architecture} ${score} ${JSON.stringify(outcome)}\n`)
        expect(score).toBeGreaterThan(0.9)
        expect(outcome.l0).toBeLessThan(3 * active)
        expect(outcome.explained_variance).toBeGreaterThan(0.7)
      })
    )
  }

  it("random directions of that number score far less", () => {
    const { truth } = world()
    const rng = Rng.make(2, "random directions")
    const rows = Float32Array.from({ length: directions * d_in }, () => rng.normal())
    for (let start = 0; start < rows.length; start += d_in) {
      const norm = Math.hypot(...rows.subarray(start, start + d_in))
      for (let c = 0; c < d_in; c++) rows[start + c] = (rows[start + c] as number) / norm
    }
    expect(meanMaxCosine(truth, rows)).toBeLessThan(0.6)
  })
})
