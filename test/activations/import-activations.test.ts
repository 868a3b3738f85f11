import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { Files } from "../../src/kinds/files.ts"
import { encodeNpy } from "../../src/format/npy.ts"
import { encodeSafetensors } from "../../src/format/safetensors.ts"
import { Sae } from "../../src/kinds/sae/sae.ts"
import evaluate from "../../stages/evaluate-sae.ts"
import importActivations from "../../stages/import-activations.ts"
import train from "../../stages/train-sae.ts"
import { folderArtifact, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { loadTestEngine } from "../engine.ts"
import { opened, runStage } from "../stage/run-stage.ts"
import { small } from "../sae/training/training-variants.ts"
import { openedActivations } from "../sae/small-text.ts"

beforeAll(loadTestEngine)

const files = Effect.fnUntraced(function* (contents: Readonly<Record<string, Uint8Array>>) {
  const directory = yield* temporaryDirectory
  for (const [name, bytes] of Object.entries(contents)) writeFileSync(join(directory, name), bytes)
  return yield* opened(Files, folderArtifact(directory, "Files"))
})

describe("rows that come from no language model", () => {
  it.effect("are activations: an SAE is trained on them and evaluated on those held out", () =>
    Effect.gen(function* () {
      const given = { files: yield* files({ "rows.npy": encodeNpy([600, small.d_in], small.data) }) }
      const made = yield* runStage(importActivations, given, { file: "rows.npy" }, yield* temporaryDirectory)
      expect(made.metrics).toMatchObject({ rows: 600, held_out_rows: 60, d_in: small.d_in })
      const activations = yield* openedActivations(made.artifact)
      const [trainRows, heldOut] = [
        yield* activations.value.train.loadRows(),
        yield* activations.value.held_out.loadRows()
      ]
      expect([trainRows.length, heldOut.length]).toEqual([540 * small.d_in, 60 * small.d_in])
      const { position } = yield* activations.value.held_out.readBatch(0)
      for (const [i, row] of position.entries()) {
        expect(heldOut.slice(i * small.d_in, (i + 1) * small.d_in)).toEqual(
          small.data.slice(row * small.d_in, (row + 1) * small.d_in)
        )
      }
      const options = { architecture: "batch_topk", d_sae: 32, k: 3, steps: 300, batch_rows: 128, lr: 5e-3 }
      const { artifact } = yield* runStage(train, { activations }, options, yield* temporaryDirectory)
      const sae = yield* opened(Sae, artifact)
      const { metrics, unmeasured } = yield* runStage(evaluate, { sae, activations }, {}, yield* temporaryDirectory)
      expect(metrics["explained_variance"]).toBeGreaterThan(0.6)
      expect(unmeasured["ce_recovered"]).toBe("no model is given")
    })
  )

  it.effect("are a tensor of a file, and what is no matrix of numbers is refused by name", () =>
    Effect.gen(function* () {
      const broken = small.data.slice()
      broken[7 * small.d_in + 3] = Number.NaN
      const given = {
        files: yield* files({
          "two.safetensors": encodeSafetensors({
            x: { dtype: "F32", shape: [600, small.d_in], data: small.data },
            y: { dtype: "F32", shape: [small.d_in], data: small.data.slice(0, small.d_in) }
          }),
          "nan.npy": encodeNpy([600, small.d_in], broken),
          "none.npy": encodeNpy([0, small.d_in], new Float32Array(0)),
          "rows.csv": new TextEncoder().encode("1,2\n")
        })
      }
      const run = (params: Readonly<Record<string, unknown>>) =>
        Effect.flatMap(temporaryDirectory, (directory) => runStage(importActivations, given, params, directory))
      expect((yield* run({ file: "two.safetensors", tensor: "x" })).metrics["rows"]).toBe(600)
      const refusal = (params: Readonly<Record<string, unknown>>) =>
        Effect.map(Effect.flip(run(params)), ({ message }) => message)
      expect(yield* refusal({ file: "two.safetensors" })).toContain("Set tensor to one of x, y.")
      expect(yield* refusal({ file: "two.safetensors", tensor: "y" })).toContain(
        "y of two.safetensors is [16], not a matrix"
      )
      expect(yield* refusal({ file: "none.npy" })).toContain("none.npy is [0, 16]: there is nothing in it")
      expect(yield* refusal({ file: "nan.npy" })).toContain("row 7 of 600 holds NaN")
      expect(yield* refusal({ file: "rows.csv" })).toContain("rows.csv is neither .npy nor .safetensors")
      expect(yield* refusal({ file: "no.npy" })).toContain("There are: nan.npy, none.npy, rows.csv, two.safetensors.")
    })
  )
})
