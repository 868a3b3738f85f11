import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { afterEach, expect, it, vi } from "vitest"
import { loadEngine } from "../../src/tensor/engine.ts"

afterEach(() => {
  vi.unstubAllEnvs()
})

it("refuses an engine name that is none, listing those that are", async () => {
  vi.stubEnv("PIPELINE_ENGINE", "cuda")
  const error = await Effect.runPromise(Effect.flip(loadEngine("auto")))
  expect(error.message).toBe(
    "engine cuda is not available: PIPELINE_ENGINE=cuda names no engine. Set it to one of: auto, tensorflow, wasm"
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

it("multiplies transposed operands as they lie, and leaves no tensor behind", () => {
  const before = tf.memory()
  tf.tidy(() => {
    const a = tf.tensor3d([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 2, 3])
    const b = tf.tensor3d([1, 0, 2, -1, 3, 1, 2, 2, 0, 1, -2, 1], [2, 2, 3])
    const plain = tf.matMul(a, tf.transpose(b, [0, 2, 1]))
    // Row 0 of a times row 0 of b: 1 * 1 + 2 * 0 + 3 * 2 = 7.
    expect(Array.from(plain.dataSync())).toEqual([7, 8, 16, 17, 30, 0, 42, 0])
    expect(Array.from(tf.matMul(a, b, false, true).dataSync())).toEqual(Array.from(plain.dataSync()))
    const swapped = tf.transpose(a, [0, 2, 1])
    expect(Array.from(tf.matMul(swapped, b, true, true).dataSync())).toEqual(Array.from(plain.dataSync()))
    const bias = tf.tensor1d([100, 200])
    const fused = tf.fused.matMul({ a, b, transposeA: false, transposeB: true, bias })
    expect(Array.from(fused.dataSync())).toEqual([107, 208, 116, 217, 130, 200, 142, 200])
    const rectified = tf.fused.matMul({ a, b, transposeB: true, bias: tf.tensor1d([-20, 0]), activation: "relu" })
    expect(Array.from(rectified.dataSync())).toEqual([0, 8, 0, 17, 10, 0, 22, 0])
  })
  expect(tf.memory().numTensors).toBe(before.numTensors)
  expect(tf.memory().numDataBuffers).toBe(before.numDataBuffers)
})

it("gives the loaded engine again, and refuses a second one in the same process", async () => {
  const info = await Effect.runPromise(loadEngine("wasm"))
  expect(await Effect.runPromise(loadEngine("auto"))).toBe(info)
  const error = await Effect.runPromise(Effect.flip(loadEngine("tensorflow")))
  expect(error.message).toContain("already runs on the engine wasm")
})
