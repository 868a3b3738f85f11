/** The Python package reads what is written here. Needs `SAELENS_PYTHON=/path/to/python`, as the peers' tests do. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describe, expect } from "vitest"
import { openArrowWriter } from "../../src/format/arrow/arrow-writer.ts"
import { writeSae } from "../../src/kinds/sae/write-sae.ts"
import { folderWriter, temporaryDirectory } from "../artifact/folder-artifact.ts"

const python = process.env["SAELENS_PYTHON"]
if (python === undefined) {
  process.stderr.write("SKIPPED: no SAELENS_PYTHON, so that the Python package reads results is not checked\n")
}

const script = `
import json, sys
from contextlib import redirect_stderr
from io import StringIO
import torch
from sae_pipeline import open_artifact
artifact = open_artifact(sys.argv[1])
curve, rows = artifact.frame("curve.arrow"), artifact.frame("rows.arrow")
x = artifact.tensor("rows.arrow", "x")
features = artifact.saelens().encode(x)
print(json.dumps({
    "kind": artifact.kind,
    "metrics": {name: None if value != value else value for name, value in artifact.metrics.items()},
    "unmeasured": artifact.unmeasured,
    "curve": curve.to_dict("list"),
    "cells": [cell.tolist() for cell in rows["x"]],
    "ids": rows["id"].tolist(),
    "x": x.tolist(),
    "batches": [len(batch) for batch in artifact.batches("rows.arrow")],
    "W_dec": artifact.tensors()["W_dec"].tolist(),
    "features": features.tolist(),
}))
with redirect_stderr(StringIO()) as said:
    artifact.wandb("project", dir=sys.argv[1])
summary = said.getvalue().split("Run summary:")[1]
print(summary.splitlines()[1].split()[1:])
try:
    artifact.tensor("rows.arrow", "none")
except KeyError as error:
    print(error)
`

describe.skipIf(python === undefined)("the Python package", () => {
  it.effect(
    "opens an SAE as pandas and torch objects, and as SAELens's own",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const writer = folderWriter(directory)
        const weights = {
          d_in: 2,
          d_sae: 3,
          activation: { type: "relu" as const },
          apply_b_dec_to_input: false,
          W_enc: Float32Array.of(1, -1, 0, 0, 0, 2),
          W_dec: Float32Array.of(1, 0, -1, 0, 0, 0.5),
          b_enc: Float32Array.of(0, 0, -1),
          b_dec: Float32Array.of(0, 0),
          threshold: undefined
        }
        const nothing = { hook: null, k: null, model: null, activations: null, training: null }
        const info = { architecture: "standard", rows: "activations", ...nothing }
        yield* Effect.scoped(
          writeSae(writer, { weights, info, curve: { step: Float64Array.of(1, 2), loss: Float64Array.of(0.5, 0.25) } })
        )
        const columns = { id: { type: "i32" }, x: { type: "f32", list: 2 } } as const
        yield* Effect.scoped(
          Effect.gen(function* () {
            const rows = yield* openArrowWriter(writer, "rows.arrow", columns)
            yield* rows.append(2, { id: Int32Array.of(7, 8), x: Float32Array.of(1, 1, -2, 0) })
            yield* rows.append(1, { id: Int32Array.of(9), x: Float32Array.of(0, 0.25) })
            yield* rows.close
          })
        )
        yield* writer.writeJson("artifact.json", {
          kind: "Sae",
          version: 1,
          unmeasured: { loss_recovered: "no logits" }
        })
        yield* writer.writeJson("metrics.json", { loss: 0.125 })

        const said = execFileSync(python as string, ["-W", "ignore", "-c", script, directory], {
          encoding: "utf8",
          env: { ...process.env, PYTHONPATH: join(import.meta.dirname, "../../python") },
          stdio: ["ignore", "pipe", "ignore"]
        })
        const [line = "", run, missing] = said.trim().split("\n")
        expect(JSON.parse(line)).toEqual({
          kind: "Sae",
          metrics: { loss: 0.125, loss_recovered: null },
          unmeasured: { loss_recovered: "no logits" },
          curve: { step: [1, 2], loss: [0.5, 0.25] },
          ids: [7, 8, 9],
          cells: [
            [1, 1],
            [-2, 0],
            [0, 0.25]
          ],
          x: [
            [1, 1],
            [-2, 0],
            [0, 0.25]
          ],
          batches: [2, 1],
          W_dec: [
            [1, 0],
            [-1, 0],
            [0, 0.5]
          ],
          features: [
            [1, 0, 1],
            [0, 2, 0],
            [0, 0, 0]
          ]
        })
        // What was measured, and not the 0.25 of the curve's last step.
        expect(run).toBe("['loss', '0.125']")
        expect(missing).toContain("none")
      }),
    600_000
  )
})
