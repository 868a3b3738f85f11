import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { tensorboardEvents } from "../../src/format/tensorboard-events.ts"
import type { SaeCurve } from "../../src/kinds/sae/sae-handle.ts"
import { Sae } from "../../src/kinds/sae/sae.ts"
import { writeSae } from "../../src/kinds/sae/write-sae.ts"
import exportCurves from "../../stages/export-curves.ts"
import { folderArtifact, folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { opened, runStage } from "../stage/run-stage.ts"

const saeOf = Effect.fn(function* (at: Record<string, number>, curve: SaeCurve) {
  const directory = yield* temporaryDirectory
  const weights = {
    d_in: 1,
    d_sae: 1,
    activation: { type: "relu" as const },
    apply_b_dec_to_input: false,
    W_enc: Float32Array.of(1),
    W_dec: Float32Array.of(1),
    b_enc: Float32Array.of(0),
    b_dec: Float32Array.of(0),
    threshold: undefined
  }
  const nothing = { hook: null, k: null, model: null, activations: null, training: null }
  const info = { architecture: "standard", rows: "activations", ...nothing }
  yield* Effect.scoped(writeSae(folderWriter(directory), { weights, info, curve }))
  return { ...(yield* opened(Sae, folderArtifact(directory, "Sae"))), at }
})

const curve = (...loss: ReadonlyArray<number>) => ({
  step: Float64Array.from(loss, (_, i) => 10 * (i + 1)),
  loss: Float64Array.from(loss)
})

describe("exported curves", () => {
  it.effect("are a run each, named by its place in the matrix, and SAEs without one are passed over", () =>
    Effect.gen(function* () {
      const saes = [
        yield* saeOf({ width: 8, seed: 0 }, curve(0.5, 0.25)),
        yield* saeOf({ width: 16, seed: 0 }, curve(0.125)),
        yield* saeOf({ width: 32, seed: 0 }, {})
      ]
      const said: Array<string> = []
      const log = (line: string) => void said.push(line)
      const { artifact, metrics } = yield* runStage(exportCurves, { saes }, {}, yield* temporaryDirectory, { log })
      expect(metrics).toMatchObject({ runs: 2, points: 3 })
      expect(said).toEqual(["SAE 3 has no training curve: it was not trained here"])
      expect(yield* artifact.read("width=8,seed=0/events.out.tfevents.0")).toEqual(
        tensorboardEvents([
          { step: 10, scalars: { loss: 0.5 } },
          { step: 20, scalars: { loss: 0.25 } }
        ])
      )
      expect(artifact.has("width=16,seed=0/events.out.tfevents.0")).toBe(true)
      const none = yield* Effect.flip(runStage(exportCurves, { saes: saes.slice(2) }, {}, yield* temporaryDirectory))
      expect(String(none)).toContain("none of these SAEs has a training curve")
    })
  )
})
