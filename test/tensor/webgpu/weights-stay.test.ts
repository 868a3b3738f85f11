import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { beforeAll, describe, expect, it, vi } from "vitest"
import { makeSaeTrainer } from "../../../src/sae/training/sae-trainer.ts"
import { loadEngine } from "../../../src/tensor/engine/engine.ts"
import { methodOf, resolvedFor } from "../../sae/architectures/known.ts"
import { normalRows } from "../../sae/normal-rows.ts"
import { webgpuHere } from "../../webgpu.ts"

const [d_in, d_sae, rows, k] = [96, 1024, 128, 4]

describe.skipIf(!webgpuHere)("a step of training on a GPU", () => {
  beforeAll(() => Effect.runPromise(loadEngine("webgpu")))

  it("reads back neither weights nor pre-activations, and learns", () => {
    const options = resolvedFor("batch_topk", {
      d_sae,
      k,
      steps: 100,
      batch_rows: rows,
      seed: 0,
      dead_after: 100 * rows,
      lr: 3e-3
    })
    const start = { d_in, b_dec: new Float32Array(d_in), variance: d_in }
    const trainer = makeSaeTrainer(options, methodOf("batch_topk"), start)
    const x = tf.tensor2d(normalRows(0, rows * d_in), [rows, d_in])
    const { loss: first } = trainer.step(x)
    const reads = vi.spyOn(tf.backend(), "readSync")
    const uploads = vi.spyOn(tf.backend(), "write")
    const { loss: second } = trainer.step(x)
    const read = reads.mock.results.map(({ value }) => (value as Float32Array).length)
    const written = uploads.mock.calls.map(([values]) => (values as Float32Array | null)?.length ?? 0)
    expect(read.length).toBeGreaterThan(0)
    expect(Math.max(...read)).toBeLessThan(Math.min(d_sae * d_in, d_sae * rows))
    expect(Math.max(...written)).toBeLessThan(d_sae * d_in)
    expect(second).toBeLessThan(first)
    vi.restoreAllMocks()
    x.dispose()
    trainer.dispose()
  })
})
