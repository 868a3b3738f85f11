/** A process of `document-reader.ts`, seen from whoever asks it: one question at a time, each within its limits. */
import { type ChildProcess, fork } from "node:child_process"
import { getCompileCacheDir } from "node:module"
import { fileURLToPath } from "node:url"
import { codeEnding } from "../../project/code-ending.ts"
import { sizeText } from "../../words/size-text.ts"
import type { FromReader, ToReader } from "./document-messages.ts"
import { processUsage } from "./process-usage.ts"

const READER = fileURLToPath(new URL(`./document-reader${codeEnding}`, import.meta.url))

const WATCH_EVERY_MS = 50
/** A process that nobody needs is kept for the next file so long, unless it has grown by more than this. */
const KEPT_MS = 1_000
const KEPT_BYTES = 64 * 2 ** 20

/** @param how what went wrong: a limit that was passed, an end of the process */
export type Ended = (how: string) => Error

export interface Question {
  /** Of computing. */
  readonly seconds: number
  /** Above what the process had before it was given the file. */
  readonly bytes: number
  /** Answers what the process asks on its way; undefined for what is the answer itself. */
  readonly reply: (asked: FromReader) => Promise<ToReader | undefined>
}

export interface ReaderProcess {
  /** Rejects with what `ended` gives, or with what `reply` rejects with; the process is gone then. */
  readonly ask: (message: ToReader, question: Question) => Promise<FromReader>
  readonly release: () => void
}

interface Running {
  readonly child: ChildProcess
  readonly ready: Promise<void>
  /** Bytes that it takes by itself. */
  own: number
  alive: boolean
}

const idle: Array<{ readonly running: Running; readonly timer: NodeJS.Timeout }> = []

const start = (): Running => {
  const child = fork(READER, [], {
    serialization: "advanced",
    execArgv: ["--disable-warning=ExperimentalWarning"],
    stdio: ["ignore", "ignore", "ignore", "ipc"],
    env: { NODE_COMPILE_CACHE: getCompileCacheDir() ?? "" }
  })
  const settled = new Promise<void>((resolve) => {
    const end = (): void => {
      running.alive = false
      resolve()
    }
    child.once("exit", end)
    child.once("error", end)
    child.once("message", () => {
      running.own = processUsage(child.pid)?.bytes ?? 0
      resolve()
    })
  })
  const running: Running = { child, ready: settled, own: 0, alive: true }
  return running
}

const take = (): Running => {
  for (let kept = idle.pop(); kept !== undefined; kept = idle.pop()) {
    clearTimeout(kept.timer)
    if (!kept.running.alive) continue
    kept.running.child.ref()
    kept.running.child.channel?.ref()
    return kept.running
  }
  return start()
}

const keep = (running: Running): void => {
  const { child, own } = running
  if (!running.alive) return
  if ((processUsage(child.pid)?.bytes ?? 0) > own + KEPT_BYTES) return void child.kill("SIGKILL")
  // Neither the process nor its channel keeps this one running.
  child.unref()
  child.channel?.unref()
  const timer = setTimeout(() => {
    const at = idle.findIndex((each) => each.running === running)
    if (at >= 0) idle.splice(at, 1)
    child.kill("SIGKILL")
  }, KEPT_MS)
  timer.unref()
  idle.push({ running, timer })
}

const ask = (running: Running, base: number, ended: Ended, message: ToReader, question: Question) =>
  new Promise<FromReader>((resolve, reject) => {
    const { child } = running
    const { seconds, bytes, reply } = question
    const before = processUsage(child.pid)?.seconds ?? 0
    const stop = (): void => {
      clearInterval(watch)
      child.off("message", receive)
      child.off("exit", exited)
    }
    const fail = (error: unknown): void => {
      running.alive = false
      stop()
      child.kill("SIGKILL")
      reject(error as Error)
    }
    const exited = (): void => fail(ended("its reader ended by itself"))
    const send = (answer: ToReader): void => void child.send(answer, (error) => error !== null && exited())
    const withinLimits = (): boolean => {
      const usage = processUsage(child.pid)
      if (usage === undefined) return true
      if (usage.bytes > base + bytes) fail(ended(`it took more than ${sizeText(bytes)} of memory`))
      else if (usage.seconds > before + seconds) fail(ended(`it took more than ${seconds.toFixed(1)} s of computing`))
      return running.alive
    }
    const receive = (answer: FromReader): void => {
      if (!withinLimits()) return
      const answered = (next: ToReader | undefined): void => {
        if (next !== undefined) return send(next)
        stop()
        resolve(answer)
      }
      reply(answer).then(answered, fail)
    }
    const watch = setInterval(withinLimits, WATCH_EVERY_MS)
    child.on("message", receive)
    child.once("exit", exited)
    if (running.alive) send(message)
    else exited()
  })

/** A process of one's own until it is released. */
export const takeReader = async (ended: Ended): Promise<ReaderProcess> => {
  const running = take()
  await running.ready
  const base = processUsage(running.child.pid)?.bytes ?? running.own
  return {
    ask: (message, question) => ask(running, base, ended, message, question),
    release: () => keep(running)
  }
}
