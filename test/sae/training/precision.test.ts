/** `precision` says who multiplies: what comes out is the same to the bit, and how many candidates there were is progress. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { trainingRecord } from "../../../src/sae/training/training-record.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import { keyParams } from "../../../src/plan/manifest.ts"
import { type Precision, precisionProblem } from "../../../src/tensor/kernels/select-pairs.ts"
import trainSaeStage from "../../../stages/train-sae.ts"
import { loadTestEngine } from "../../engine.ts"
import { optionsFor } from "../architectures/known.ts"
import { normalRows } from "../normal-rows.ts"

beforeAll(loadTestEngine)

const d_in = 24
const rows = matrixRows(normalRows(3, 1000 * d_in), d_in)

describe("precision", () => {
  for (const architecture of ["batch_topk", "jumprelu"] as const) {
    it.effect(`${architecture}: bf16 and integers end with the bits of f32`, () =>
      Effect.gen(function* () {
        const train = Effect.fnUntraced(function* (precision: Precision) {
          const settings = {
            d_sae: 256,
            k: 6,
            steps: 20,
            batch_rows: 128,
            seed: 1,
            lr: 1e-3,
            sparsity_coefficient: 0.1
          }
          const candidates: Array<number | undefined> = []
          const options = optionsFor(architecture, { ...settings, precision })
          const trained = yield* trainSae(rows, options, {
            progress: ({ metrics }) => candidates.push(metrics?.["candidates"] as number | undefined)
          })
          const { W_enc, W_dec, b_enc } = trained.weights
          return {
            candidates: candidates.at(-1) as number,
            made: { W_enc, W_dec, b_enc, curve: trained.curve, record: trainingRecord(trained) }
          }
        })
        const exact = yield* train("f32")
        for (const precision of ["bf16", "int16", "int8"] as const) {
          if (precisionProblem(precision) !== undefined) continue
          const coarser = yield* train(precision)
          expect(coarser.made).toEqual(exact.made)
          expect(coarser.candidates).toBeGreaterThanOrEqual(exact.candidates)
        }
        expect(exact.candidates).toBeGreaterThanOrEqual(exact.made.record.l0)
      })
    )
  }

  it("is no part of the key", () => {
    const given = { precision: "bf16", d_sae: 64 }
    expect(keyParams(given, trainSaeStage.params)).toEqual({ d_sae: 64 })
  })
})
