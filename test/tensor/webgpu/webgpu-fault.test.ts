import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { expect, it } from "vitest"
import { loadEngine } from "../../../src/tensor/engine/engine.ts"
import { webgpuHere } from "../../webgpu.ts"

it.skipIf(!webgpuHere)(
  "what the GPU refuses fails there, and everything after it, instead of giving zeros",
  async () => {
    const info = await Effect.runPromise(loadEngine("webgpu"))
    expect(info).toMatchObject({ name: "webgpu", version: "4.22.0", kernels: "shaders" })
    expect(info.isa).not.toBe("")
    expect(() => tf.tidy(() => tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).dataSync())).not.toThrow()
    // A table of 64 GiB, more than the largest buffer of any adapter, of which one entry is read.
    const read = (): unknown =>
      tf.tidy(() => tf.slice(tf.add(tf.ones([131_072, 1]), tf.ones([1, 131_072])), [0, 0], [1, 1]).dataSync())
    expect(read).toThrow(/^webgpu: /)
    expect(() => tf.tidy(() => tf.add(tf.ones([2]), 1).dataSync())).toThrow("webgpu: ")
  }
)

it.skipIf(!webgpuHere)("tells who disposed of a tensor too early", () => {
  const x = tf.tensor1d([1])
  x.dispose()
  expect(() => x.dataSync()).toThrow("disposed")
})
