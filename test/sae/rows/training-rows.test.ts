import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, expect, it } from "vitest"
import { matrixRows, type RowSource } from "../../../src/activations/row-source.ts"
import { type ScaledRows, scaledRows, type TrainingRows } from "../../../src/sae/rows/training-rows.ts"
import { loadTestEngine } from "../../engine.ts"
import { normalRows } from "../normal-rows.ts"

beforeAll(loadTestEngine)

const [count, width] = [64, 12]
const [first, second] = [normalRows(1, count * width), normalRows(2, count * width).map((x) => 30 * x)]
const indices = [Uint32Array.of(3, 60, 3, 17), Uint32Array.of(0, 1, 2, 63)] as const

const rowsOf = (rows: TrainingRows, normalize: "mean_square" | "none"): ScaledRows => {
  const scaled = scaledRows(rows, normalize)
  if (typeof scaled === "string") throw new Error(scaled)
  return scaled
}

it.each(["mean_square", "none"] as const)(
  "a batch is the rows over their sources' scales, and the next one leaves it as it is (normalize: %s)",
  (normalize) => {
    const data = [first, second]
    const rows = rowsOf({ sources: data.map((values) => matrixRows(values, width)) }, normalize)
    expect(rows.parts.map(({ scale }) => scale === 1)).toEqual([normalize === "none", normalize === "none"])
    const batches = indices.map((wanted) => rows.batch(wanted).x)
    for (const [b, batch] of batches.entries()) {
      const found = batch.dataSync()
      for (const [i, row] of (indices[b] as Uint32Array).entries()) {
        for (let c = 0; c < 2 * width; c++) {
          const m = c < width ? 0 : 1
          const raw = (data[m] as Float32Array)[row * width + (c % width)] as number
          // f32 numbers divided and rounded once.
          expect(found[i * 2 * width + c]).toBe(Math.fround(raw / (rows.parts[m]?.scale as number)))
        }
      }
    }
    tf.dispose(batches)
  }
)

it("a transcoder's target is scaled by itself, and shares nothing with its input", () => {
  const rows = rowsOf({ sources: [matrixRows(first, width)], target: matrixRows(second, width) }, "mean_square")
  const { x, target } = rows.batch(indices[0])
  const again = rows.batch(indices[1])
  for (const [tensor, values, scale] of [
    [x, first, rows.parts[0]?.scale as number],
    [target, second, rows.scale]
  ] as const) {
    const wanted = Array.from(indices[0], (row) => Array.from(values.subarray(row * width, (row + 1) * width))).flat()
    expect(Array.from(tensor.dataSync())).toEqual(wanted.map((raw) => Math.fround(raw / scale)))
  }
  tf.dispose([x, target, again.x, again.target])
})

it("a source that waits for a disk is told each next batch before it is asked for it, whatever the order", async () => {
  const told: Array<Uint32Array> = []
  const asked: Array<Uint32Array> = []
  const memory = matrixRows(first, width)
  const source: RowSource = {
    ...memory,
    gather: (wanted, into) => {
      asked.push(wanted)
      memory.gather(wanted, into)
    },
    ahead: (wanted) => void told.push(wanted)
  }
  const next = rowsOf({ sources: [source] }, "none").batches(24, 5)
  asked.length = 0
  // 64 rows: batches that span two epochs, and a jump as after a checkpoint.
  for (const index of [0, 1, 2, 3, 4, 9, 10]) {
    const { x } = await Effect.runPromise(next(index))
    const plain = rowsOf({ sources: [memory] }, "none").batches(24, 5)
    const same = await Effect.runPromise(plain(index))
    expect(x.dataSync()).toEqual(same.x.dataSync())
    tf.dispose([x, same.x])
  }
  expect(told).toHaveLength(7)
  expect(told.slice(0, 4)).toEqual(asked.slice(1, 5))
  expect(told[5]).toEqual(asked[6])
})
