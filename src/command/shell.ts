/**
 * Runs `/bin/sh` and whatever it starts. The command is done when its shell is: a program that it left in the background is
 * ended then, since it may hold the pipes open for ever and write into an output that is being taken.
 */
import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import * as Effect from "effect/Effect"
import { traceArguments } from "./trace-programs.ts"
import { stageFailed, type StageFailed } from "../stage/stage-failed.ts"

export interface ShellOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** `NAME=value` of `env`, unlike that of any other process: what the command started is told by it. */
  readonly mark: string
  readonly onLine: (line: string) => void
  /** The file that strace writes into; undefined: nobody looks at what is opened. */
  readonly trace?: string | undefined
  /** Told once, with the process that the command is. */
  readonly onStart?: (pid: number) => void
}

/** How long a program that was left behind has to end by itself when it is asked to, and the pipes to close then. */
const graceMs = 2000
const pollMs = 50

const delay = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const readText = (path: string): string => {
  try {
    return readFileSync(path, "latin1")
  } catch {
    // Of somebody else, or of one that has just ended: none of ours.
    return ""
  }
}

const processes = (): ReadonlyArray<number> => {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

/** How long a command may run for its processes to be told by their numbers: too short for all numbers to be given anew. */
const NUMBERS_HOLD_MS = 10_000

/** So many numbers are asked one by one sooner than all processes are listed. */
const FEW_NUMBERS = 64

/** Processes that may be the one with the number `first`, or are younger: the last field tells the latest number given. */
const sinceProcess = (first: number): ReadonlyArray<number> => {
  const latest = Number(readText("/proc/loadavg").trim().split(" ").at(-1))
  if (!(latest > 0)) return processes()
  const given = latest - first
  if (given >= 0 && given < FEW_NUMBERS) return Array.from({ length: given + 1 }, (_, i) => first + i)
  return processes().filter(
    latest >= first ? (pid) => pid >= first && pid <= latest : (pid) => pid >= first || pid <= latest
  )
}

/** Of these, processes that have the mark in their environment. Linux alone tells; elsewhere there are none to be seen. */
const marked = (mark: string, among: ReadonlyArray<number>): ReadonlyArray<number> =>
  among.filter((pid) => pid !== process.pid && readText(`/proc/${pid}/environ`).split("\0").includes(mark))

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended by itself.
  }
}

/** Ends what the command has left running. @returns how many processes that were */
const endLeftovers = async (mark: string, shell: number | undefined, since: number): Promise<number> => {
  const isShort = shell !== undefined && performance.now() - since < NUMBERS_HOLD_MS
  const first = marked(mark, isShort ? sinceProcess(shell) : processes())
  for (const pid of first) signal(pid, "SIGTERM")
  let left = first
  for (let waited = 0; left.length > 0 && waited < graceMs; waited += pollMs) {
    await delay(pollMs)
    left = marked(mark, processes())
  }
  for (const pid of left) signal(pid, "SIGKILL")
  return first.length
}

const withoutMark = (env: ShellOptions["env"], mark: string): ShellOptions["env"] =>
  Object.fromEntries(Object.entries(env).filter(([name, value]) => `${name}=${value}` !== mark))

/** Gives the exit code, or the name of the signal. Interruption ends everything that the command started. */
export const shell = (
  command: string,
  { cwd, env, mark, onLine, trace, onStart }: ShellOptions
): Effect.Effect<number | string, StageFailed> =>
  Effect.callback<number | string, StageFailed>((resume) => {
    const since = performance.now()
    const traced = trace === undefined ? [] : traceArguments(trace, mark)
    const [program, ...args] = [...traced, "/bin/sh", "-c", command] as [string, ...ReadonlyArray<string>]
    // strace's own process is none of those that the command has left behind.
    const own = trace === undefined ? env : withoutMark(env, mark)
    const child = spawn(program, args, { cwd, env: own, stdio: ["ignore", "pipe", "pipe"] })
    if (child.pid !== undefined) onStart?.(child.pid)
    const streams: ReadonlyArray<Readable> = [child.stdout, child.stderr]
    for (const stream of streams) createInterface({ input: stream, crlfDelay: Infinity }).on("line", onLine)
    const closed = new Promise<void>((resolve) => child.once("close", resolve))
    child.once("error", (cause) => resume(Effect.fail(stageFailed(`/bin/sh cannot be started: ${cause.message}`))))
    child.once("exit", (code, name) => {
      const finish = async (): Promise<void> => {
        const count = await endLeftovers(mark, child.pid, since)
        if (count > 0)
          onLine(
            `${count === 1 ? "a program was" : `${count} programs were`} still running when the shell ended: ended`
          )
        // What was written before may still be in the pipes; where nothing could be ended they stay open.
        await Promise.race([closed, delay(graceMs)])
        for (const stream of streams) stream.destroy()
        resume(Effect.succeed(code ?? name ?? 1))
      }
      void finish()
    })
    return Effect.promise(async () => {
      child.kill("SIGTERM")
      await endLeftovers(mark, child.pid, since)
    })
  })
