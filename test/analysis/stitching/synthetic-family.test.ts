import * as Effect from "effect/Effect"
import { assert, beforeAll, describe, it } from "vitest"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { nearestRows } from "../../../src/analysis/decoder-cosine.ts"
import type { RowBatches } from "../../../src/analysis/stitching/standing-alone.ts"
import { stitchSaes } from "../../../src/analysis/stitching/stitch-saes.ts"
import { randomUnitRows } from "../../../src/random/random-unit-rows.ts"
import * as Rng from "../../../src/random/rng.ts"
import batchTopk from "../../../src/sae/architectures/batch-topk.ts"
import { trainTogether } from "../../../src/sae/training/train-together.ts"
import { defaultsFor } from "../../../src/sae/training-options.ts"
import { loadTestEngine } from "../../engine.ts"

beforeAll(loadTestEngine)

/** 64 features, the first 32 of them four times as frequent: what a dictionary of 32 latents finds is known. */
const [d, features, frequent] = [96, 64, 32]
const directions = randomUnitRows(features, d, 5)
const rowsOf = (count: number, name: string): Float32Array<ArrayBuffer> => {
  const rng = Rng.make(1, name)
  const x = new Float32Array(count * d)
  for (let r = 0; r < count; r++) {
    for (let f = 0; f < features; f++) {
      if (rng.float() >= (f < frequent ? 0.06 : 0.015)) continue
      const size = 1 + rng.float()
      for (let i = 0; i < d; i++) x[r * d + i]! += size * directions[f * d + i]!
    }
  }
  return x
}

const inBatch = (x: Float32Array<ArrayBuffer>): RowBatches<never> => ({ batches: 1, read: () => Effect.succeed(x) })

describe("stitching SAEs of a family whose features are known", () => {
  it("calls latents novel whose features the small SAE does not have, and not those that it has", async () => {
    const train = rowsOf(6000, "rows to train on")
    const heldOut = rowsOf(1500, "rows held out")
    const options = {
      ...defaultsFor(batchTopk),
      architecture: batchTopk,
      k: 3,
      steps: 400,
      batch_rows: 256,
      lr: 4e-3
    }
    const family = await Effect.runPromise(
      trainTogether(
        matrixRows(train, d),
        [32, 64, 128].map((d_sae) => ({ options: { ...options, d_sae, seed: d_sae } }))
      )
    )
    const missing: Array<number> = []
    const there: Array<number> = []
    for (const [small, large] of [
      [0, 1],
      [0, 2]
    ] as const) {
      const saes = { small: family[small]!.weights, large: family[large]!.weights }
      const { file } = await Effect.runPromise(
        Effect.scoped(
          stitchSaes(saes, inBatch(heldOut), inBatch(train), {
            b_dec: "best",
            threshold_from: "youden",
            fixed_threshold: 0.7,
            unmatched: "nearest"
          })
        )
      )
      const has = nearestRows(directions, saes.small.W_dec, d).cosine
      const feature = nearestRows(saes.large.W_dec, directions, d)
      const of = (missing: boolean) =>
        file.latents.delta_mse.filter((_, j) => {
          const own = has[feature.index[j]!]!
          return feature.cosine[j]! > 0.8 && file.latents.density[j]! > 0 && (missing ? own < 0.5 : own > 0.8)
        })
      missing.push(...of(true))
      there.push(...of(false))
    }
    const novel = (changes: ReadonlyArray<number>) => changes.filter((change) => change < 0).length / changes.length
    assert.isAtLeast(missing.length, 40)
    assert.isAtLeast(there.length, 40)
    assert.isAtLeast(novel(missing), 0.9)
    assert.isAtMost(novel(there), 0.1)
  })
})
