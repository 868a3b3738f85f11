/**
 * Rows on disk in buckets: written in order, each to a bucket of its own choice, and read back one bucket at a time. All
 * that is read and written is in long pieces.
 */
import { mkdir, open, rm, rmdir, type FileHandle } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import {
  type ActivationDtype,
  activationsRowBytes,
  dtypeBytes,
  narrow,
  storedNumbers,
  widen
} from "../kinds/activations/activations-columns.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"
import type { RowColumns } from "../kinds/activations/write-activations.ts"

/** Of each bucket, in memory. */
const bufferBytes = 2 ** 19

interface Bucket {
  readonly path: string
  readonly handle: FileHandle
  readonly buffer: Uint8Array<ArrayBuffer>
  filled: number
  rows: number
}

export interface RowBuckets {
  readonly add: (columns: RowColumns, row: number, bucket: number) => Effect.Effect<void, ArtifactError> | undefined
  /** Rows of a bucket in the order in which they came; its file is gone afterwards. */
  readonly take: (bucket: number) => Effect.Effect<BucketRows, ArtifactError>
}

export interface BucketRows {
  readonly rows: number
  /** Copies row `from` of the bucket to row `to` of the columns. */
  readonly copy: (from: number, columns: RowColumns, to: number) => void
}

/** Needs a scope, which closes and removes the files. */
export const openRowBuckets = Effect.fn("openRowBuckets")(function* (
  directory: string,
  count: number,
  d_in: number,
  dtype: ActivationDtype
) {
  const refused = (cause: unknown): ArtifactError =>
    new ArtifactError({ reason: "unwritable", digest: "", path: directory, detail: String(cause) })
  const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, ArtifactError> =>
    Effect.tryPromise({ try: run, catch: refused })
  const record = activationsRowBytes(d_in, dtype)
  const wide = d_in * dtypeBytes(dtype)
  const capacity = Math.max(1, Math.floor(bufferBytes / record))
  yield* Effect.acquireRelease(
    attempt(() => mkdir(directory, { recursive: true })),
    () => Effect.promise(() => rmdir(directory).catch(() => {}))
  )
  const buckets = yield* Effect.forEach(
    Array.from({ length: count }, (_, i) => join(directory, `${i}`)),
    (path) =>
      Effect.acquireRelease(
        attempt(async (): Promise<Bucket> => {
          const handle = await open(path, "w+")
          return { path, handle, buffer: new Uint8Array(capacity * record), filled: 0, rows: 0 }
        }),
        ({ handle }) => Effect.promise(() => handle.close().then(() => rm(path, { force: true })))
      )
  )

  const write = async (bucket: Bucket): Promise<void> => {
    const bytes = bucket.filled * record
    const start = (bucket.rows - bucket.filled) * record
    for (let done = 0; done < bytes;) {
      done += (await bucket.handle.write(bucket.buffer, done, bytes - done, start + done)).bytesWritten
    }
    bucket.filled = 0
  }

  const one = storedNumbers(dtype, d_in)
  const oneBytes = new Uint8Array(one.buffer)
  const floats = new Float32Array(1)
  const ints = new Int32Array(3)
  const floatBytes = new Uint8Array(floats.buffer)
  const intBytes = new Uint8Array(ints.buffer)

  const add: RowBuckets["add"] = ({ activation, norm, document, position, token }, row, index) => {
    const bucket = buckets[index] as Bucket
    const at = bucket.filled * record
    narrow(dtype, activation.subarray(row * d_in, (row + 1) * d_in), one)
    bucket.buffer.set(oneBytes, at)
    floats[0] = norm[row] as number
    ints[0] = document[row] as number
    ints[1] = position[row] as number
    ints[2] = token[row] as number
    bucket.buffer.set(floatBytes, at + wide)
    bucket.buffer.set(intBytes, at + wide + 4)
    bucket.filled += 1
    bucket.rows += 1
    return bucket.filled === capacity ? attempt(() => write(bucket)) : undefined
  }

  const take: RowBuckets["take"] = Effect.fnUntraced(function* (index) {
    const bucket = buckets[index] as Bucket
    const bytes = new Uint8Array(bucket.rows * record)
    yield* attempt(async () => {
      await write(bucket)
      for (let done = 0; done < bytes.length;) {
        const { bytesRead } = await bucket.handle.read(bytes, done, bytes.length - done, done)
        if (bytesRead === 0) throw new Error(`bucket ${index} ends ${bytes.length - done} bytes early`)
        done += bytesRead
      }
      await rm(bucket.path)
    })
    const view = new DataView(bytes.buffer)
    const taken: BucketRows = {
      rows: bucket.rows,
      copy: (from, columns, to) => {
        const at = from * record
        const stored =
          dtype === "f32"
            ? new Float32Array(bytes.slice(at, at + wide).buffer)
            : new Uint16Array(bytes.slice(at, at + wide).buffer)
        columns.activation.set(widen(dtype, stored), to * d_in)
        columns.norm[to] = view.getFloat32(at + wide, true)
        columns.document[to] = view.getInt32(at + wide + 4, true)
        columns.position[to] = view.getInt32(at + wide + 8, true)
        columns.token[to] = view.getInt32(at + wide + 12, true)
      }
    }
    return taken
  })
  const made: RowBuckets = { add, take }
  return made
})
