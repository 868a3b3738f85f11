import { it } from "@effect/vitest"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect } from "vitest"
import { loadModel } from "../../src/model/load-model.ts"
import { runModel } from "../../src/model/run-model.ts"
import { loadTestEngine } from "../engine.ts"
import { d_model } from "../sae/random-gpt2.ts"
import { captured, captureInputs, documentsOf, hook, randomIds, time } from "../sae/small-text.ts"

let tensorsBefore = 0
beforeAll(async () => {
  await loadTestEngine()
  tensorsBefore = tf.memory().numTensors
})

describe("capture-activations", () => {
  it.effect("stores the model's own activations in token order, BOS left out, split by document", () =>
    Effect.gen(function* () {
      const contexts = 50
      const [ids, documents] = [randomIds(contexts), documentsOf(contexts)]
      const { activations, metrics, model } = yield* captured(yield* captureInputs(contexts, ids), {
        held_out_fraction: 0.2,
        seed: 3
      })
      const { train: trainRows, held_out: heldOut, split } = activations.value
      expect(metrics).toMatchObject({ rows: contexts * (time - 1), held_out_rows: heldOut.rows, d_in: d_model })
      expect(trainRows.rows + heldOut.rows).toBe(contexts * (time - 1))
      expect(heldOut.rows).toBeGreaterThanOrEqual(0.2 * contexts * (time - 1) - 3)

      const runnable = yield* loadModel(model.value)
      const expected = runModel(runnable, { ids, batch: contexts, time }, { hooks: [hook] }).activations[hook]
      const values = (expected as tf.Tensor).dataSync<"float32">()
      const held = new Set(split.held_out_documents)
      for (const [set, isHeldOut] of [
        [trainRows, false],
        [heldOut, true]
      ] as const) {
        const batch = yield* set.readBatch(0)
        expect(batch.rows).toBe(set.rows)
        let before = -1
        for (let row = 0; row < batch.rows; row++) {
          const position = batch.position[row] as number
          expect(position).toBeGreaterThan(before)
          before = position
          expect(position % time).not.toBe(0)
          expect(batch.token[row]).toBe(ids[position])
          expect(batch.document[row]).toBe(documents[position])
          expect(held.has(batch.document[row] as number)).toBe(isHeldOut)
          for (let c = 0; c < d_model; c++) {
            expect(batch.activation[row * d_model + c]).toBeCloseTo(values[position * d_model + c] as number, 4)
          }
        }
      }
      expect((yield* activations.value.contexts.read(7, 1)).ids).toEqual(ids.slice(7 * time, 8 * time))
    })
  )

  it.effect("reads no more than a batch at a time, and loads any range of rows", () =>
    Effect.gen(function* () {
      // 80,000 rows of 16 numbers: more than one record batch of 4 MiB.
      const contexts = 5400
      const { activations, artifact } = yield* captured(yield* captureInputs(contexts))
      const set = activations.value.train
      expect(set.batches).toBeGreaterThan(1)
      artifact.reads.largest = 0
      for (let index = 0; index < set.batches; index++) {
        const batch = yield* set.readBatch(index)
        expect(batch.first).toBe(index * set.batch_rows)
      }
      expect(artifact.reads.largest).toBeLessThan(5 * 2 ** 20)
      const from = set.batch_rows - 3
      const rows = yield* set.loadRows(from, 6)
      const [last, next] = [yield* set.readBatch(0), yield* set.readBatch(1)]
      expect([...rows.subarray(0, 3 * d_model)]).toEqual([...last.activation.subarray(from * d_model)])
      expect([...rows.subarray(3 * d_model)]).toEqual([...next.activation.subarray(0, 3 * d_model)])
      expect((yield* set.loadRows()).length).toBe(set.rows * d_model)
    })
  )

  for (const [what, params, message] of [
    ["an unknown hook", { hook: "blocks.1.hook_resid_pst" }, /there is no hook blocks.1.hook_resid_pst/],
    ["a block that the model does not have", { hook: "blocks.2.hook_mlp_out" }, /blocks 0 to 1/]
  ] as const) {
    it.effect(`${what} is an error that names the hooks there are`, () =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(captured(yield* captureInputs(2), params))
        expect(failure.message).toMatch(message)
      })
    )
  }

  it.effect("hooks of the MLP are captured with their own width", () =>
    Effect.gen(function* () {
      const { activations } = yield* captured(yield* captureInputs(4), { hook: "blocks.0.mlp.hook_post" })
      expect(activations.value.d_in).toBe(4 * d_model)
    })
  )
})

it("nothing is left on the engine but what the tests made themselves", () => {
  expect(tf.memory().numTensors - tensorsBefore).toBeLessThan(20)
})
