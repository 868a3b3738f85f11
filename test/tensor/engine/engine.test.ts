import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { afterEach, expect, it, vi } from "vitest"
import { loadEngine } from "../../../src/tensor/engine/engine.ts"

afterEach(() => {
  vi.unstubAllEnvs()
})

it("refuses an engine name that is none, listing those that are", async () => {
  vi.stubEnv("PIPELINE_ENGINE", "cuda")
  const error = await Effect.runPromise(Effect.flip(loadEngine("auto")))
  expect(error.message).toBe(
    "engine cuda is not available: PIPELINE_ENGINE=cuda names no engine. Set it to one of: auto, tensorflow, webgpu, wasm"
  )
})

it("says how to get tensorflow where it is not installed", async () => {
  vi.stubEnv("PIPELINE_ENGINE_DIR", "/nowhere")
  const error = await Effect.runPromise(Effect.flip(loadEngine("tensorflow")))
  expect(error.message).toContain("pipeline engine install")
})

it("takes wasm where tensorflow is not installed, without a word on the console", async () => {
  vi.stubEnv("PIPELINE_ENGINE_DIR", "/nowhere")
  vi.stubEnv("PIPELINE_ENGINE", undefined)
  const warn = vi.spyOn(console, "warn")
  const info = await Effect.runPromise(loadEngine("auto"))
  const facts = { name: "wasm", version: "4.22.0", device: "cpu", isa: "wasm-simd", threads: 1, kernels: "portable" }
  expect(info).toEqual(facts)
  expect(tf.getBackend()).toBe("wasm")
  const product = tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]]))
  expect(Array.from(product.dataSync())).toEqual([11])
  expect(warn).not.toHaveBeenCalled()
})

it("gives the loaded engine again, and refuses a second one in the same process", async () => {
  const info = await Effect.runPromise(loadEngine("wasm"))
  expect(await Effect.runPromise(loadEngine("auto"))).toBe(info)
  const error = await Effect.runPromise(Effect.flip(loadEngine("tensorflow")))
  expect(error.message).toContain("already runs on the engine wasm")
})

it("keeps the tensors that a scope returns, however deep, lets go of others, and does not search arrays of numbers", async () => {
  await Effect.runPromise(loadEngine("wasm"))
  const before = tf.memory().numTensors
  const kept = tf.tidy(() => {
    tf.tensor1d([1, 2])
    return { numbers: new Float32Array(3), list: [{ x: tf.tensor1d([5]) }], again: tf.scalar(2) }
  })
  expect(tf.memory().numTensors).toBe(before + 2)
  expect(Array.from(kept.list[0]?.x.dataSync() ?? [])).toEqual([5])
  tf.dispose([kept.list[0]?.x, kept.again] as Array<tf.Tensor>)
  // tfjs' own search asks of each number whether it has been seen: a million of them.
  const asked = vi.spyOn(Set.prototype, "has")
  tf.tidy(() => ({ numbers: new Float32Array(1e6) }))
  expect(asked.mock.calls.length).toBeLessThan(100)
  asked.mockRestore()
})
