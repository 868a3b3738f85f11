/**
 * What a worker's process prints past the console, which goes to the stages' logs: an error that nothing caught, words of native
 * code, the runtime's last ones. It stands in a file, so that it outlives the process.
 */
import { appendFileSync, closeSync, openSync, readSync, statSync } from "node:fs"

/** Who prints more than this prints for nobody: its end is kept. */
const MOST_BYTES = 4 * 2 ** 20

export interface WorkerOutput {
  /** From here on. */
  readonly mark: () => void
  readonly sinceMark: () => string
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

export const workerOutput = (path: string): WorkerOutput => {
  let start = 0
  return {
    mark: () => {
      start = sizeOf(path)
    },
    sinceMark: () => {
      const end = sizeOf(path)
      const from = Math.max(start, end - MOST_BYTES)
      if (end <= from) return ""
      const bytes = new Uint8Array(end - from)
      const file = openSync(path, "r")
      try {
        return new TextDecoder().decode(bytes.subarray(0, readSync(file, bytes, 0, bytes.length, from)))
      } finally {
        closeSync(file)
      }
    }
  }
}

/** Hands on to the logs of the stages that it ran what a worker printed. A log that cannot be written costs no result. */
export const handOn = (printed: string, logs: ReadonlyArray<string>): void => {
  if (printed === "") return
  for (const log of logs) {
    try {
      appendFileSync(log, printed.endsWith("\n") ? printed : `${printed}\n`)
    } catch {
      // As where the disk is full: who writes results says so.
    }
  }
}

/** The runtime's words for an error that nothing caught: `Error: ...` at the begin of a line, and before it the line of code. */
const uncaught = /^(?:Uncaught )?(\w*(?:Error|Exception)(?: \[\w+\])?: [^\n]*)/m
const place = /^(?:file:\/\/)?(\/[^\n]+:\d+)\n/m

/** Why it ended, where what it printed tells it. */
export const lastWords = (printed: string): { readonly heap: boolean; readonly error: string | undefined } => {
  const [, error] = uncaught.exec(printed) ?? []
  const [, at] = place.exec(printed) ?? []
  return {
    heap: /JavaScript heap out of memory|Array buffer allocation failed/.test(printed),
    error: error === undefined ? undefined : `${error}${at === undefined ? "" : ` (${at})`}`
  }
}
