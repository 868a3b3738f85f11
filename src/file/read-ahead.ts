/**
 * Pieces of a file that will be read soon are read in a thread of its own, and dropped: the system then has them in memory. Where rows are more than memory
 * holds, the two thousand of a batch wait for the disk as long as a training step takes, which they can do beside the step before.
 */
import { Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ReadAhead } from "../artifact/artifact.ts"

/** Pieces that are asked of the disk at once. */
const AT_ONCE = 8

// What cannot be read is told by whoever reads it in earnest.
const READ = `
const { parentPort, workerData: { descriptor } } = require("node:worker_threads")
const { read } = require("node:fs")
parentPort.on("message", ({ offsets, bytes }) => {
  let at = 0
  const next = (piece) => {
    if (at < offsets.length) read(descriptor, piece, 0, bytes, offsets[at++], () => next(piece))
  }
  for (let i = 0; i < ${AT_ONCE}; i++) next(Buffer.allocUnsafe(bytes))
})
`

/** The thread begins with the first piece and ends with the scope. The descriptor stays the caller's, open until then. */
export const readAhead = (descriptor: number): Effect.Effect<ReadAhead, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync((): { thread: Worker | undefined } => ({ thread: undefined })),
      ({ thread }) => Effect.promise(async () => thread?.terminate())
    ),
    (own) => (offsets, bytes) => {
      if (own.thread === undefined) {
        own.thread = new Worker(READ, { eval: true, workerData: { descriptor }, stdin: false, execArgv: [], env: {} })
        own.thread.unref()
      }
      own.thread.postMessage({ offsets, bytes }, [offsets.buffer])
    }
  )
