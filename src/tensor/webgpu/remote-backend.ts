/**
 * A tfjs back end whose kernels run in the thread that owns the GPU (see `device-calls.ts`). To tfjs it is an ordinary
 * back end that can be read from at once. Counting references stays on this side; the other frees what it is told to.
 */
import { type MessagePort, receiveMessageOnPort } from "node:worker_threads"
import * as tf from "@tensorflow/tfjs-core"
import type { Call, HostNumbers, Post, RemoteId, RemoteInputs, RemoteTensor, Reply } from "./device-calls.ts"

interface Held {
  readonly id: RemoteId
  references: number
}

export class RemoteBackend extends tf.KernelBackend {
  readonly #port: MessagePort
  readonly #replies: Int32Array
  readonly #held = new Map<object, Held>()
  readonly #dataOf = new Map<RemoteId, object>()
  #written: RemoteId = 0

  constructor(port: MessagePort, replies: Int32Array) {
    super()
    this.#port = port
    this.#replies = replies
  }

  #post(post: Post, transferred: ReadonlyArray<ArrayBuffer> = []): void {
    this.#port.postMessage(post, transferred)
  }

  #call<K extends Reply["is"]>(call: Call, wanted: K): Extract<Reply, { readonly is: K }> {
    const before = Atomics.load(this.#replies, 0)
    this.#port.postMessage(call)
    Atomics.wait(this.#replies, 0, before)
    const reply = receiveMessageOnPort(this.#port)?.message as Reply
    if (reply.is === "failed") throw new Error(`webgpu: ${reply.problem}`)
    if (reply.is !== wanted) throw new Error(`webgpu: expected the reply "${wanted}", got "${reply.is}"`)
    return reply as Extract<Reply, { readonly is: K }>
  }

  #hold(id: RemoteId): object {
    const known = this.#dataOf.get(id)
    if (known !== undefined) {
      this.incRef(known)
      return known
    }
    const data = { id }
    this.#dataOf.set(id, data)
    this.#held.set(data, { id, references: 1 })
    return data
  }

  #of(data: object): Held {
    const held = this.#held.get(data)
    if (held === undefined) throw new Error("webgpu: the tensor was disposed of, or belongs to another engine")
    return held
  }

  /** Runs a kernel of the other thread. */
  kernel(name: string, inputs: tf.NamedTensorInfoMap, attrs: object): tf.TensorInfo | Array<tf.TensorInfo> {
    const remote = ({ dataId, shape, dtype }: tf.TensorInfo): RemoteTensor => ({
      id: this.#of(dataId).id,
      shape,
      dtype
    })
    const local = ({ id, shape, dtype }: RemoteTensor): tf.TensorInfo => ({ dataId: this.#hold(id), shape, dtype })
    const sent: RemoteInputs = Array.isArray(inputs)
      ? inputs.map(remote)
      : Object.fromEntries(
          Object.entries(inputs).flatMap(([name, info]) =>
            info === undefined || info === null ? [] : [[name, remote(info)]]
          )
        )
    const { outputs } = this.#call({ is: "kernel", name, inputs: sent, attrs }, "made")
    return Array.isArray(outputs) ? outputs.map(local) : local(outputs as RemoteTensor)
  }

  override write(values: tf.BackendValues | null, shape: Array<number>, dtype: tf.DataType): object {
    if (Array.isArray(values)) throw new Error("webgpu: there are no tensors of strings here")
    const id = --this.#written
    const data = this.#hold(id)
    // A view is sent with all of the buffer that it is a view on, which may be a whole file: so a copy is, and given away.
    const own = values === null || values === undefined ? null : (values.slice() as HostNumbers)
    this.#post({ is: "write", id, values: own, shape, dtype }, own === null ? [] : [own.buffer])
    return data
  }

  override readSync(data: object): tf.BackendValues {
    return this.#call({ is: "read", id: this.#of(data).id }, "values").values
  }

  override read(data: object): Promise<tf.BackendValues> {
    return Promise.resolve(this.readSync(data))
  }

  override incRef(data: object): void {
    this.#of(data).references++
  }

  override refCount(data: object): number {
    return this.#held.get(data)?.references ?? 0
  }

  override disposeData(data: object, force = false): boolean {
    const held = this.#held.get(data)
    if (held === undefined) return true
    held.references = force ? 0 : held.references - 1
    if (held.references > 0) return false
    this.#held.delete(data)
    this.#dataOf.delete(held.id)
    this.#post({ is: "free", id: held.id })
    return true
  }

  override numDataIds(): number {
    return this.#held.size
  }

  override floatPrecision(): 32 {
    return 32
  }

  override epsilon(): number {
    return 1e-7
  }

  override timerAvailable(): boolean {
    return false
  }

  override memory(): { readonly unreliable: boolean; readonly reasons: Array<string> } {
    return { unreliable: true, reasons: ["the GPU's own bookkeeping is in another thread"] }
  }

  override dispose(): void {
    this.#port.close()
  }
}
