/**
 * How a worker is asked to end, and what it does first: it saves the checkpoint of what it is doing. A stage may block the
 * event loop of its process for minutes, so a thread of its own hears of the request, and the stage finds it when it asks
 * its checkpoint whether one is due.
 */
import { Worker } from "node:worker_threads"
import * as Effect from "effect/Effect"
import type { Checkpoint } from "../../stage/checkpoint.ts"

/** Milliseconds that a stage has at most to come to a checkpoint and to save it. */
export const PATIENCE = 30_000
/** A stage that asks often is past its last checkpoint when it has not asked for so long. */
const SHORTEST_PATIENCE = 2_000
/** How much longer than the longest time between two questions so far the next one may take. */
const ALLOWANCE = 4

/** The descriptor on which the head says "stop"; it ends with the head. */
export const CONTROL = 4

/** Places in the shared memory: whether we are to stop; milliseconds that the stage then has, 0 for one without checkpoints. */
const [STOP, LEFT] = [0, 1]

const WATCH = `
const { parentPort, workerData: { memory, control } } = require("node:worker_threads")
// The head made this process the leader of a group, in which the programs are that a stage has started.
const signalGroup = (signal) => { try { process.kill(-process.pid, signal) } catch { /* it leads none */ } }
const end = () => { signalGroup("SIGKILL"); process.kill(process.pid, "SIGKILL") }
let since
const stop = () => {
  if (since !== undefined) return
  since = Date.now()
  Atomics.store(memory, ${STOP}, 1)
  setInterval(() => {
    if (Date.now() - since < Atomics.load(memory, ${LEFT})) return
    // Programs may put themselves in order; whoever waits for this process ends those that do not.
    signalGroup("SIGTERM")
    process.kill(process.pid, "SIGKILL")
  }, 20)
}
parentPort.on("message", stop)
if (control !== undefined) {
  const head = new (require("node:net").Socket)({ fd: control, readable: true, writable: false })
  head.on("data", stop).on("close", end).on("error", end)
}
`

export interface StopRequest {
  /**
   * A checkpoint that is due once the worker is to stop. Saved by all that ask for one, the job is interrupted.
   *
   * @param noteSave called when a save begins; what it gives, when the state is safe
   */
  readonly watched: (checkpoint: Checkpoint, noteSave: () => () => void) => Checkpoint
  /** What follows is another job. */
  readonly begin: () => void
}

/** @param control descriptor of the head's channel; undefined where there is no head */
export const listenForStop = (control: number | undefined): StopRequest => {
  const memory = new Int32Array(new SharedArrayBuffer(8))
  const thread = new Worker(WATCH, {
    eval: true,
    workerData: { memory, control },
    stdin: false,
    execArgv: [],
    env: {}
  })
  thread.unref()
  const stopping = (): boolean => Atomics.load(memory, STOP) === 1
  /** Of the checkpoints that were asked: whether they have been saved since the request. */
  let saved = new Map<Checkpoint, boolean>()
  let asked = 0
  let longest = 0

  // A batch system signals every process of a job, and the worker has to outlive that: until its checkpoint is saved.
  let handled = false
  const handleSignals = (): void => {
    if (handled) return
    handled = true
    for (const signal of ["SIGTERM", "SIGINT", "SIGUSR2"]) process.on(signal, () => thread.postMessage("stop"))
  }

  const noteQuestion = (checkpoint: Checkpoint): void => {
    handleSignals()
    const now = performance.now()
    if (asked > 0) longest = Math.max(longest, now - asked)
    asked = now
    if (!saved.has(checkpoint)) saved.set(checkpoint, false)
    Atomics.store(memory, LEFT, Math.min(PATIENCE, Math.max(SHORTEST_PATIENCE, ALLOWANCE * longest)))
  }

  return {
    begin: () => {
      saved = new Map()
      asked = 0
      longest = 0
      Atomics.store(memory, LEFT, 0)
    },
    watched: (checkpoint, noteSave) => {
      const save: Checkpoint["save"] = Effect.fnUntraced(function* (state) {
        Atomics.store(memory, LEFT, PATIENCE)
        const onSafe = noteSave()
        yield* checkpoint.save(state)
        asked = performance.now()
        onSafe()
        if (!stopping()) return
        saved.set(checkpoint, true)
        // Others of the same pass come to theirs in the same step.
        if ([...saved.values()].every((done) => done)) yield* Effect.interrupt
      })
      const { begin } = checkpoint
      const beginWatched: Checkpoint["begin"] =
        begin &&
        Effect.fnUntraced(function* (state) {
          // Whoever is to stop waits for it.
          if (stopping()) return yield* Effect.as(save(state), Effect.void)
          Atomics.store(memory, LEFT, PATIENCE)
          const onSafe = noteSave()
          const safe = yield* begin(state)
          asked = performance.now()
          return Effect.tap(safe, () => Effect.sync(onSafe))
        })
      return {
        ...checkpoint,
        due: () => {
          noteQuestion(checkpoint)
          return stopping() ? saved.get(checkpoint) === false : checkpoint.due()
        },
        stopping: () => {
          handleSignals()
          Atomics.store(memory, LEFT, PATIENCE)
          return stopping()
        },
        save,
        ...(beginWatched === undefined ? {} : { begin: beginWatched })
      }
    }
  }
}
