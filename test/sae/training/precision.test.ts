/** Training whose latents are chosen from bfloat16 candidates: what it ends with, what it says, and that it goes on. */
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { precisionProblem } from "../../../src/sae/loss/choose-pairs.ts"
import { optionProblems } from "../../../src/sae/option-problems.ts"
import { matrixRows } from "../../../src/activations/row-source.ts"
import { trainSae } from "../../../src/sae/training/train-sae.ts"
import type { Checkpoint, CheckpointState } from "../../../src/stage/checkpoint.ts"
import { loadTestEngine } from "../../engine.ts"
import { type AnyOptions, optionsFor } from "../architectures/known.ts"
import { normalRows } from "../normal-rows.ts"

import { keptState } from "./kept-state.ts"

beforeAll(loadTestEngine)

const d_in = 24
const rows = matrixRows(normalRows(3, 2000 * d_in), d_in)

const options = (architecture: "topk" | "batch_topk", precision: AnyOptions["precision"]) =>
  optionsFor(architecture, { d_sae: 512, k: 6, steps: 40, batch_rows: 128, seed: 1, lr: 1e-3, precision })

describe("precision", () => {
  for (const architecture of ["topk", "batch_topk"] as const) {
    it.effect(`${architecture}: candidates end where f32 does, and what was used is recorded`, () =>
      Effect.gen(function* () {
        if (precisionProblem({ precision: "bf16-candidates" }) !== undefined) return
        const exact = yield* trainSae(rows, options(architecture, "f32"))
        const chosen = yield* trainSae(rows, options(architecture, "bf16-candidates"))
        expect(exact.methodOutcome).toMatchObject({ precision: "f32", candidate_steps: 0 })
        expect(chosen.methodOutcome).toMatchObject({ precision: "bf16-candidates", candidate_steps: 40 })
        expect(chosen.methodOutcome["candidate_redone_share"]).toBeLessThan(1)
        const [a, b] = [exact.outcome.explained_variance, chosen.outcome.explained_variance]
        expect(Math.abs(a - b)).toBeLessThan(1e-4)
      })
    )
  }

  it.effect("a run by candidates goes on from its checkpoint with the same bytes and counts", () =>
    Effect.gen(function* () {
      if (precisionProblem({ precision: "bf16-candidates" }) !== undefined) return
      const wanted = options("topk", "bf16-candidates")
      let state: CheckpointState | undefined
      const checkpoint: Checkpoint = {
        load: Effect.sync(() => state),
        due: () => state === undefined,
        save: (saved) => Effect.sync(() => void (state = keptState(saved)))
      }
      const whole = yield* trainSae(rows, wanted, { checkpoint })
      const resumed = yield* trainSae(rows, wanted, { checkpoint })
      expect(resumed.outcome).toEqual(whole.outcome)
      expect(resumed.methodOutcome).toEqual(whole.methodOutcome)
      expect(resumed.weights.W_enc).toEqual(whole.weights.W_enc)
      expect(resumed.weights.W_dec).toEqual(whole.weights.W_dec)
    })
  )

  it("where candidates are not the choice alone, they are refused", () => {
    const wanted = { ...options("topk", "bf16-candidates"), multi_topk: true }
    expect(optionProblems(wanted)[0]?.problem).toContain("precision bf16-candidates is for choosing the k largest")
  })
})
