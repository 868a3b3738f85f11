/**
 * The thread that owns the GPU: runs tfjs's WebGPU kernels, and shaders of our own, for another thread (see `device-calls.ts`). What goes wrong on
 * the GPU is reported by it late and to nobody in particular; here it fails the next call and all after it, since a
 * kernel that the GPU refused leaves zeros behind.
 */
import { parentPort, workerData } from "node:worker_threads"
import * as tf from "@tensorflow/tfjs-core"
import { findAdapter } from "./adapter.ts"
import type {
  Call,
  DeviceThreadData,
  HostNumbers,
  Post,
  RemoteId,
  RemoteInputs,
  RemoteTensor,
  Reply,
  Started
} from "./device-calls.ts"
import { registerShaders } from "./sparse-shaders.ts"
import { registerEmptySums } from "./zeros.ts"

/** What of tfjs's WebGPU back end is used beyond its public face. */
interface WebGpuBackend extends tf.KernelBackend {
  readonly device: GPUDevice
  readonly tensorMap: {
    readonly get: (data: object) => { values: tf.BackendValues | null; readonly resource?: object }
  }
}

const { port, replies } = workerData as DeviceThreadData

let fault: string | undefined

const startBackend = async (): Promise<WebGpuBackend | string> => {
  const found = await findAdapter()
  if (typeof found === "string") return found
  Object.defineProperty(globalThis, "navigator", { value: { gpu: found.gpu }, configurable: true })
  // tfjs asks for a window or a worker of a browser before it looks for the GPU.
  Object.assign(globalThis, { self: globalThis })
  await import("@tensorflow/tfjs-backend-webgpu")
  // Else small operations run on the CPU where their operands happen to lie there, and round differently.
  tf.env().set("WEBGPU_CPU_FORWARD", false)
  registerShaders()
  registerEmptySums()
  if (!(await tf.setBackend("webgpu"))) return `tfjs could not start its WebGPU back end on ${found.name}`
  const backend = tf.backend() as WebGpuBackend
  backend.device.addEventListener("uncapturederror", (event) => {
    fault ??= (event as GPUUncapturedErrorEvent).error.message
  })
  void backend.device.lost.then(({ message }) => (fault ??= `the GPU was lost: ${message}`))
  const kernels = tf.getKernelsForBackend("webgpu").map(({ kernelName }) => kernelName)
  const started: Started = { is: "ready", adapter: found.name, hardware: found.hardware, kernels }
  parentPort?.postMessage(started)
  return backend
}

const serve = (backend: WebGpuBackend): void => {
  const dataOf = new Map<RemoteId, object>()
  const idOf = new Map<object, RemoteId>()
  let made: RemoteId = 0

  const remember = (id: RemoteId, data: object): RemoteId => {
    dataOf.set(id, data)
    idOf.set(data, id)
    return id
  }

  const held = (id: RemoteId): object => {
    const data = dataOf.get(id)
    if (data === undefined) throw new Error(`the GPU holds no tensor ${id}`)
    return data
  }

  const local = ({ id, shape, dtype }: RemoteTensor): tf.TensorInfo => ({ dataId: held(id), shape, dtype })

  const localInputs = (inputs: RemoteInputs): tf.NamedTensorInfoMap => {
    // A list is a map by position to tfjs's types, and has to stay a list for its kernels.
    if (Array.isArray(inputs)) return inputs.map(local) as unknown as tf.NamedTensorInfoMap
    return Object.fromEntries(Object.entries(inputs).map(([name, tensor]) => [name, local(tensor)]))
  }

  const remote = ({ dataId, shape, dtype }: tf.TensorInfo): RemoteTensor => ({
    id: idOf.get(dataId) ?? remember(++made, dataId),
    shape,
    dtype
  })

  const run = ({ name, inputs, attrs }: Extract<Call, { readonly is: "kernel" }>): Reply => {
    const outputs = tf.getKernel(name, "webgpu").kernelFunc({
      inputs: localInputs(inputs),
      attrs: attrs as tf.NamedAttrMap,
      backend
    })
    return { is: "made", outputs: Array.isArray(outputs) ? outputs.map(remote) : remote(outputs) }
  }

  const read = async (id: RemoteId): Promise<Reply> => {
    const data = held(id)
    const values = (await backend.read(data)) as HostNumbers
    // tfjs keeps what was read for as long as the tensor lives: a second copy of all weights. It is given away instead.
    const kept = backend.tensorMap.get(data)
    if (kept.resource === undefined || kept.resource === null) return { is: "values", values, given: false }
    kept.values = null
    return { is: "values", values, given: true }
  }

  const free = (id: RemoteId): void => {
    const data = held(id)
    dataOf.delete(id)
    idOf.delete(data)
    backend.disposeData(data, true)
  }

  const reply = (message: Reply): void => {
    if (fault !== undefined) port.postMessage({ is: "failed", problem: fault } satisfies Reply)
    else port.postMessage(message, message.is === "values" && message.given ? [message.values.buffer] : [])
    Atomics.add(replies, 0, 1)
    Atomics.notify(replies, 0)
  }

  const failed = (error: unknown): Reply => ({
    is: "failed",
    problem: error instanceof Error ? error.message : String(error)
  })

  const post = (message: Post): void => {
    if (message.is === "free") return free(message.id)
    const { id, values, shape, dtype } = message
    remember(id, backend.write(values as tf.BackendValues, shape, dtype))
  }

  const answer = async (call: Call): Promise<Reply> => (call.is === "read" ? read(call.id) : run(call))

  // Silence would leave whoever waits asleep for ever.
  process.on("uncaughtException", (error) => {
    fault ??= error.message
    reply(failed(error))
  })
  port.on("message", (message: Post | Call) => {
    if (message.is === "kernel" || message.is === "read") void answer(message).catch(failed).then(reply)
    else {
      try {
        post(message)
      } catch (error) {
        fault ??= String(error)
      }
    }
  })
}

const backend = await startBackend()
if (typeof backend === "string") {
  const unavailable: Started = { is: "unavailable", reason: backend }
  parentPort?.postMessage(unavailable)
} else serve(backend)
