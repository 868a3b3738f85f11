/** The engine for any GPU that Vulkan, Metal or Direct3D 12 reaches: tfjs's WebGPU back end in a thread of its own. */
import { createRequire } from "node:module"
import { MessageChannel, Worker } from "node:worker_threads"
import * as tf from "@tensorflow/tfjs-core"
import * as Effect from "effect/Effect"
import { codeEnding } from "../../project/code-ending.ts"
import type { EngineInfo } from "../engine-info.ts"
import type { EngineUnavailable } from "../engine-unavailable.ts"
import { quietly } from "../quietly.ts"
import { registerGradients } from "../register-gradients.ts"
import { webgpuUnavailable } from "./adapter.ts"
import type { DeviceThreadData, Started } from "./device-calls.ts"
import { RemoteBackend } from "./remote-backend.ts"

const startThread = async (): Promise<{ readonly started: Started; readonly backend: RemoteBackend }> => {
  const { port1, port2 } = new MessageChannel()
  const replies = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  const data: DeviceThreadData = { port: port2, replies }
  const thread = new Worker(new URL(`device-thread${codeEnding}`, import.meta.url), {
    workerData: data,
    transferList: [port2],
    execArgv: []
  })
  const started = await new Promise<Started>((resolve, reject) => {
    thread.once("message", resolve)
    thread.once("error", reject)
  })
  // The stage's own work decides when the process ends.
  thread.unref()
  port1.unref()
  return { started, backend: new RemoteBackend(port1, replies) }
}

/** Products of small whole numbers, exact in f32: a driver that gets them wrong computes nothing for us. */
const checkProduct = (): void => {
  const size = 96
  const a = Float32Array.from({ length: size * size }, (_, i) => ((i * 7) % 11) - 5)
  const b = Float32Array.from({ length: size * size }, (_, i) => ((i * 5) % 13) - 6)
  const product = tf.tidy(() => tf.matMul(tf.tensor2d(a, [size, size]), tf.tensor2d(b, [size, size]), false, true))
  const values = product.dataSync<"float32">()
  product.dispose()
  for (let i = 0; i < values.length; i++) {
    let sum = 0
    for (let c = 0; c < size; c++) sum += a[Math.floor(i / size) * size + c]! * b[(i % size) * size + c]!
    if (values[i] !== sum) throw new Error(`its driver computes a product wrongly (${values[i]} for ${sum})`)
  }
}

const start = async (): Promise<EngineInfo> => {
  const { started, backend } = await startThread()
  if (started.is === "unavailable") throw new Error(started.reason)
  for (const kernelName of started.kernels) {
    tf.registerKernel({
      kernelName,
      backendName: "webgpu",
      kernelFunc: ({ inputs, attrs }) => backend.kernel(kernelName, inputs, attrs ?? {})
    })
  }
  await registerGradients()
  tf.registerBackend("webgpu", () => backend)
  if (!(await tf.setBackend("webgpu"))) throw new Error("tfjs could not start its WebGPU back end")
  checkProduct()
  const version: unknown = createRequire(import.meta.url)("@tensorflow/tfjs-backend-webgpu/package.json").version
  const device = started.hardware ? "gpu" : "cpu"
  return { name: "webgpu", version: String(version), device, isa: started.adapter, threads: 1, kernels: "shaders" }
}

export const loadWebgpu: Effect.Effect<EngineInfo, EngineUnavailable> = Effect.tryPromise({
  try: () => quietly(start),
  catch: (error) => webgpuUnavailable(error instanceof Error ? error.message : String(error))
})
