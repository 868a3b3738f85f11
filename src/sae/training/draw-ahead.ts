/**
 * First weights that a thread draws while the process reads rows and their statistics: half a second for 9 million numbers, as long
 * as two steps. The thread goes from the last block to the first, whoever uses them from the first to the last, and draws what
 * is not there yet by itself: nobody waits, and the numbers are those of `initialWeights`.
 */
import { availableParallelism } from "node:os"
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { FloatBlocks } from "../../numeric/float-blocks.ts"
import { codeEnding } from "../../project/code-ending.ts"
import { type DrawnRows, drawRows, rngOfRows, rowsOfBlock } from "./initial-weights.ts"

export interface DrawThreadData {
  readonly asked: DrawnRows
  /** The first block that the thread draws. */
  readonly from: number
  /** One number: the last block that was drawn elsewhere. */
  readonly drawn: Int32Array<SharedArrayBuffer>
  readonly port: MessagePort
}

/** What the thread sends, last block first. */
export interface DrawnBlock {
  readonly block: number
  readonly rows: Float32Array<ArrayBuffer>
}

/** A thread takes as long to start as these take to be drawn. */
const worthAThread = 2 ** 20
/** 64 MiB: more would count beside the weights themselves. */
const mostAhead = 2 ** 24

interface Drawing {
  readonly asked: DrawnRows
  readonly drawn: Int32Array<SharedArrayBuffer>
  /** Where the blocks come. */
  readonly port: MessagePort
  readonly thread: Worker
}

const startThread = (asked: DrawnRows, most: number): Drawing => {
  const { d_in, d_sae } = asked
  const step = rowsOfBlock(asked)
  const from = Math.max(0, Math.ceil(d_sae / step) - Math.floor(most / (step * d_in)))
  const drawn = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)).fill(-1)
  const { port1, port2 } = new MessageChannel()
  const workerData: DrawThreadData = { asked, from, drawn, port: port2 }
  const thread = new Worker(new URL(`draw-thread${codeEnding}`, import.meta.url), {
    workerData,
    transferList: [port2],
    execArgv: []
  })
  thread.unref()
  // What it does not draw is drawn here.
  thread.on("error", () => {})
  return { asked, drawn, port: port1, thread }
}

const drawnBlocks = ({ asked, drawn, port }: Drawing): FloatBlocks => {
  const { d_in, d_sae } = asked
  const there = new Map<number, Float32Array<ArrayBuffer>>()
  return {
    length: d_sae * d_in,
    *blocks() {
      const rng = rngOfRows(asked)
      const step = rowsOfBlock(asked)
      for (let first = 0, block = 0; first < d_sae; first += step, block++) {
        for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
          const { block: of, rows } = got.message as DrawnBlock
          there.set(of, rows)
        }
        const ahead = there.get(block)
        // After one that is there all others are, and the generator is not asked again.
        if (ahead !== undefined) {
          yield ahead
          // Gone now instead of with the next collection: the moments come next.
          ahead.buffer.transfer(0)
          there.delete(block)
          continue
        }
        Atomics.store(drawn, 0, block)
        const rows = new Float32Array(Math.min(step, d_sae - first) * d_in)
        drawRows(rng, asked, rows)
        yield rows
      }
    }
  }
}

/**
 * `initialWeights`, to be used once, within the scope; undefined where drawing them ahead gains nothing.
 *
 * @param most numbers that are drawn ahead
 */
export const drawAhead = (
  asked: DrawnRows,
  most = mostAhead
): Effect.Effect<FloatBlocks | undefined, never, Scope.Scope> => {
  if (asked.d_sae * asked.d_in < worthAThread || availableParallelism() < 2) return Effect.succeed(undefined)
  return Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => startThread(asked, most)),
      ({ thread, port }) =>
        Effect.promise(() => {
          port.close()
          return thread.terminate()
        })
    ),
    drawnBlocks
  )
}
