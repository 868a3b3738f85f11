import * as Effect from "effect/Effect"
import * as tf from "@tensorflow/tfjs-core"
import { expect, it } from "vitest"
import { deviceProblems } from "../../../src/tensor/engine/check-device.ts"
import { loadEngine } from "../../../src/tensor/engine/engine.ts"
import { tensorflowKernels } from "../../../src/tensor/kernels/tensorflow-kernels.ts"
import { installedEngine } from "../../../src/tensor/tensorflow/tensorflow-status.ts"

it.skipIf(installedEngine() === undefined)(
  "finds nothing wrong with TensorFlow's kernels on the CPU, and names those that give something else or fail",
  async () => {
    await Effect.runPromise(loadEngine("tensorflow", { compiled: false }))
    const before = tf.memory().numTensors
    expect(deviceProblems()).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
    const broken = {
      ...tensorflowKernels,
      decode: (...args: Parameters<typeof tensorflowKernels.decode>) => tf.add(tensorflowKernels.decode(...args), 1),
      activeDots: () => {
        throw new Error("no deterministic GPU implementation")
      }
    }
    const [decode, dots, ...more] = deviceProblems(broken as typeof tensorflowKernels)
    expect(decode).toMatch(/^decode: gives .*, and not /)
    expect(dots).toBe("activeDots: no deterministic GPU implementation")
    expect(more).toEqual([])
  }
)
