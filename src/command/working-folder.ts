/**
 * Temporary folders of `command` stages: outside the project, whose files a program would find from below it without having
 * declared them. A worker that is killed leaves its folders; the next one on this machine removes them.
 */
import { mkdtempSync, readdirSync, readlinkSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { StageFailed } from "../stage/stage-failed.ts"

/** Numbers of processes mean something in their namespace alone: containers may share the folder. */
const namespace = (): string => {
  try {
    return readlinkSync("/proc/self/ns/pid").replaceAll(/\D/g, "")
  } catch {
    return "0"
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (cause) {
    // Somebody else's process lives, too.
    return (cause as NodeJS.ErrnoException).code !== "ESRCH"
  }
}

const prefix = `command-${namespace()}-`

const removeAbandoned = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const [owner, own] = name.startsWith(prefix) ? name.slice(prefix.length).split("-") : []
    if (!(Number(owner) > 0) || isAlive(Number(owner))) continue
    // Two that remove one folder at once stop each other: it is his who has renamed it.
    const taken = join(tmpdir(), `${prefix}${process.pid}-${own}`)
    try {
      renameSync(join(tmpdir(), name), taken)
      rmSync(taken, { recursive: true, force: true })
    } catch {
      // It is another user's, or another worker has taken it.
    }
  }
}

let looked = false

const make = (): string => {
  if (!looked) removeAbandoned()
  looked = true
  return mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`))
}

/** Gone with the scope. */
export const workingFolder = Effect.acquireRelease(
  Effect.try({
    try: make,
    catch: (cause) => new StageFailed({ problem: `no working folder: ${String(cause)}`, retryable: true })
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)
