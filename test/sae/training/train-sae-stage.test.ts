import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { openActivations } from "../../../src/activations/open-activations.ts"
import { Activations } from "../../../src/kinds/activations/activations.ts"
import { Sae } from "../../../src/kinds/sae/sae.ts"
import { evaluateReconstruction } from "../../../src/sae/evaluate/evaluate-reconstruction.ts"
import { makeSaeModel } from "../../../src/sae/sae-model.ts"
import train from "../../../stages/train-sae.ts"
import { temporaryDirectory } from "../../artifact/folder-artifact.ts"
import { loadTestEngine } from "../../engine.ts"
import { d_model } from "../random-gpt2.ts"
import { opened, runStage } from "../../stage/run-stage.ts"
import { captured, captureInputs, hook } from "../small-text.ts"

beforeAll(loadTestEngine)

describe("train-sae", () => {
  it.effect("trains on the training rows alone and saves an SAE that explains the held-out rows", () =>
    Effect.gen(function* () {
      const contexts = 400
      const { activations, model } = yield* captured(yield* captureInputs(contexts))
      // Opening it reads how many rows are held out; nothing else of them is looked at.
      const read: Array<string> = []
      const watched = {
        ...activations.artifact,
        open: (path: string) =>
          Effect.map(activations.artifact.open(path), (file) => ({
            ...file,
            read: (offset: number, length: number) => {
              if (path === "held_out.arrow") read.push(`${offset} ${length}`)
              return file.read(offset, length)
            }
          }))
      }
      yield* Activations.open(watched)
      const toOpen = read.splice(0)
      const params = { architecture: "batch_topk", d_sae: 64, k: 8, steps: 400, batch_rows: 256, lr: 3e-3 }
      const directory = yield* temporaryDirectory
      const { artifact, metrics } = yield* runStage(
        train,
        { activations: { artifact: watched, at: {} } },
        params,
        directory
      )
      expect(new Set(read)).toEqual(new Set(toOpen))
      // It would be seen.
      yield* (yield* openActivations(yield* Activations.open(watched))).held_out.loadRows()
      expect(new Set(read)).not.toEqual(new Set(toOpen))
      const sae = yield* opened(Sae, artifact)
      expect(sae.value).toMatchObject({
        architecture: "batch_topk",
        activation: { type: "jumprelu" },
        k: 8,
        hook,
        model: model.artifact.digest,
        activations: activations.artifact.digest
      })
      // What its training says of itself: the options of its architecture, resolved, and no others.
      expect(sae.value.training).toMatchObject({
        steps: 400,
        k: 8,
        k_aux: d_model / 2,
        architecture: "batch_topk",
        preset: "none"
      })
      expect(sae.value.training).not.toHaveProperty("target_l0")
      expect((yield* sae.value.curve)?.["loss"]?.length).toBeGreaterThan(100)
      // Random text: no model does well on it, so the SAE is measured without one.
      const tensors = makeSaeModel(yield* sae.value.weights)
      const result = yield* evaluateReconstruction(tensors, activations.value.held_out)
      tensors.dispose()
      expect(result.explained_variance).toBeGreaterThan(0.6)
      expect(Math.abs(result.explained_variance - (metrics["explained_variance"] as number))).toBeLessThan(0.1)
      expect(Math.abs(result.l0 - 8)).toBeLessThan(2)
    })
  )
})
