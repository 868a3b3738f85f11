/**
 * What the thread that computes and the thread that owns the GPU say to each other. Posts are answered by nothing; a
 * call is answered by one reply, for which the caller sleeps on shared memory: tfjs's WebGPU back end hands results back
 * only to who can wait asynchronously, while a training step is written as it is read, one line after the other.
 */
import type { MessagePort } from "node:worker_threads"
import type * as tf from "@tensorflow/tfjs-core"

/** Stands for a tensor's data on the GPU: negative where the caller wrote it, positive where a kernel made it. */
export type RemoteId = number

export interface RemoteTensor {
  readonly id: RemoteId
  readonly shape: Array<number>
  readonly dtype: tf.DataType
}

/** A tensor on the host; there are none of strings here. */
export type HostNumbers = Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>

/** As a kernel takes its inputs: by name, or as a list. */
export type RemoteInputs = ReadonlyArray<RemoteTensor> | Readonly<Record<string, RemoteTensor>>

export type Post =
  | {
      readonly is: "write"
      readonly id: RemoteId
      readonly values: HostNumbers | null
      readonly shape: Array<number>
      readonly dtype: tf.DataType
    }
  | { readonly is: "free"; readonly id: RemoteId }

export type Call =
  | { readonly is: "kernel"; readonly name: string; readonly inputs: RemoteInputs; readonly attrs: object }
  | { readonly is: "read"; readonly id: RemoteId }

export type Reply =
  | { readonly is: "made"; readonly outputs: RemoteTensor | ReadonlyArray<RemoteTensor> }
  /** `given`: the thread that owns the GPU keeps no copy. */
  | { readonly is: "values"; readonly values: HostNumbers; readonly given: boolean }
  | { readonly is: "failed"; readonly problem: string }

/** Said once by the thread that owns the GPU, before any call. */
export type Started =
  | { readonly is: "ready"; readonly adapter: string; readonly hardware: boolean; readonly kernels: Array<string> }
  | { readonly is: "unavailable"; readonly reason: string }

export interface DeviceThreadData {
  readonly port: MessagePort
  /** int32 [1] in shared memory, counted up with every reply. */
  readonly replies: Int32Array
}
