import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import type { OpenActivations } from "../../src/activations/open-activations.ts"
import { misaligned } from "../../src/activations/aligned-activations.ts"
import { loadTrainingRows } from "../../src/sae/rows/load-training-rows.ts"
import train from "../../stages/train-sae.ts"
import trainTranscoder from "../../stages/train-transcoder.ts"
import { folderArtifact, temporaryDirectory } from "../artifact/folder-artifact.ts"
import { loadTestEngine } from "../engine.ts"
import { runStage } from "../stage/run-stage.ts"
import { openedActivations, captured, captureInputs, columnsOf, filesOf, hook } from "../sae/small-text.ts"

const outliers = { outlier_factor: 1.2 }

describe("rows that are not stored", () => {
  beforeAll(loadTestEngine)

  it.effect("are bit for bit those that are, in the same order, of the same tokens", () =>
    Effect.gen(function* () {
      const inputs = yield* captureInputs(300)
      const stored = (yield* captured(inputs, outliers)).activations.value
      const { activations, artifact } = yield* captured(inputs, { ...outliers, materialize: false })
      const computed = activations.value
      expect(artifact.has("train.arrow")).toBe(false)
      expect(computed.mask).toEqual(stored.mask)
      expect(computed.split).toEqual(stored.split)
      expect(yield* computed.outliers).toEqual(yield* stored.outliers)
      for (const set of ["train", "held_out"] as const) {
        const { rows, positions_sha256 } = stored[set]
        expect(computed[set]).toMatchObject({ rows, positions_sha256 })
        expect(yield* columnsOf(computed[set])).toEqual(yield* columnsOf(stored[set]))
      }
      expect(yield* computed.train.loadRows(1834, 99)).toEqual(yield* stored.train.loadRows(1834, 99))
    })
  )

  it.effect("are trained on in a random order of contexts, the same for everybody and every time", () =>
    Effect.gen(function* () {
      const inputs = yield* captureInputs(150)
      const { activations } = yield* captured(inputs, { ...outliers, materialize: false })
      const { value } = activations
      const source = yield* loadTrainingRows(value)
      const { stream } = source
      expect(stream).toBeDefined()
      const indices = Uint32Array.from({ length: source.rows }, (_, i) => i)
      if (stream !== undefined) yield* stream.load(indices)
      const rows = new Float32Array(source.rows * source.d_in)
      source.gather(indices, rows)
      const row = (values: Float32Array, i: number) => values.subarray(i * source.d_in, (i + 1) * source.d_in)
      const inOrder = yield* value.train.loadRows()
      // Contexts run beside others may differ in their last bits.
      const rounded = (values: Float32Array) =>
        Array.from({ length: source.rows }, (_, i) => Array.from(row(values, i), (x) => x.toFixed(3)).join())
      expect(rounded(rows).toSorted()).toEqual(rounded(inOrder).toSorted())
      expect(rounded(rows)).not.toEqual(rounded(inOrder))

      const params = { d_sae: 32, k: 4, steps: 30, batch_rows: 128, lr: 5e-3 }
      const trained = Effect.fn(function* (seed: number) {
        const directory = yield* temporaryDirectory
        const { metrics } = yield* runStage(train, { activations }, { ...params, seed }, directory)
        return { metrics, files: filesOf(directory) }
      })
      const [a, b] = [yield* trained(0), yield* trained(0)]
      expect(a.files).toEqual(b.files)
      expect(a.metrics["explained_variance"]).toBeGreaterThan(0.1)
    })
  )

  it.effect("of two hooks are aligned in training, and not with stored ones", () =>
    Effect.gen(function* () {
      const inputs = yield* captureInputs(200)
      const mask = { ...outliers, mask_hooks: [hook, "blocks.0.hook_mlp_out"] }
      const capture = (params: Record<string, unknown>) =>
        Effect.map(captured(inputs, { ...mask, ...params }), ({ activations }) => activations)
      const activations = yield* capture({ hook: "blocks.0.hook_mlp_out", materialize: false })
      const target = yield* capture({ hook, materialize: false })
      /** Which stored row each of the first rows of the stream is. */
      const tokens = Effect.fn(function* (handle: OpenActivations) {
        const [source, stored] = [yield* loadTrainingRows(handle), yield* handle.train.loadRows()]
        const { d_in } = source
        const rows = new Float32Array(40 * d_in)
        source.gather(Uint32Array.from(Array(40).keys()), rows)
        return Array.from({ length: 40 }, (_, i) => {
          const distances = Array.from({ length: source.rows }, (_, j) => {
            let sum = 0
            for (let c = 0; c < d_in; c++) sum += ((rows[i * d_in + c] ?? 0) - (stored[j * d_in + c] ?? 0)) ** 2
            return sum
          })
          return distances.indexOf(Math.min(...distances))
        })
      })
      const order = yield* tokens(activations.value)
      expect(order).toEqual(yield* tokens(target.value))
      expect(new Set(order).size).toBe(40)
      const params = { d_sae: 32, k: 4, steps: 400, batch_rows: 64, lr: 5e-3 }
      const { metrics } = yield* runStage(trainTranscoder, { activations, target }, params, yield* temporaryDirectory)
      expect(metrics["explained_variance"]).toBeGreaterThan(0.5)
      expect(misaligned([activations.value, (yield* capture({})).value])).toMatch(/set materialize alike/)
    })
  )

  it.effect("of a model that gives other activations than it gave are refused", () =>
    Effect.gen(function* () {
      const { directory } = yield* captured(yield* captureInputs(60), { materialize: false })
      const file = join(directory, "activations.json")
      const content = JSON.parse(readFileSync(file, "utf8")) as { probe: { mean_norm: number; sha256: string } }
      content.probe = { ...content.probe, mean_norm: 1.01 * content.probe.mean_norm, sha256: "other" }
      writeFileSync(file, JSON.stringify(content))
      const { value } = yield* openedActivations(folderArtifact(directory, "Activations"))
      expect((yield* Effect.flip(value.train.readBatch(0))).message).toMatch(/other activations here than when/)
      expect((yield* Effect.flip(loadTrainingRows(value))).message).toMatch(/other activations here than when/)
    })
  )
})
