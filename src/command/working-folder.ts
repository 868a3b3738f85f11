/**
 * Temporary folders of `command` stages: outside the project, whose files a program would find from below it without having
 * declared them. A worker that is killed leaves its folders; the next one on this machine removes them.
 */
import { mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { processState, thisProcess } from "../file/process-identity.ts"
import { StageFailed } from "../stage/stage-failed.ts"

/** A pid means something in its namespace alone, which containers that share the folder have of their own, and is used again. */
const self = thisProcess()
const prefix = `command-${(self.pidNamespace ?? "0").replaceAll(/\D/g, "")}-`
const ownName = `${prefix}${self.pid}.${self.startTime ?? "0"}-`

const isAbandoned = (owner: string): boolean => {
  const [pid, startTime] = owner.split(".")
  // A zombie is dead, too: what killed a worker need not have asked for its exit code yet.
  return Number(pid) > 0 && processState({ ...self, pid: Number(pid), startTime: startTime ?? null }) === "dead"
}

const removeAbandoned = (): void => {
  for (const name of readdirSync(tmpdir())) {
    const [owner = "", own] = name.startsWith(prefix) ? name.slice(prefix.length).split("-") : []
    if (!isAbandoned(owner)) continue
    // Two that remove one folder at once stop each other: it is his who has renamed it.
    const taken = join(tmpdir(), `${ownName}${own}`)
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
  return mkdtempSync(join(tmpdir(), ownName))
}

/** Gone with the scope. */
export const workingFolder = Effect.acquireRelease(
  Effect.try({
    try: make,
    catch: (cause) => new StageFailed({ problem: `no working folder: ${String(cause)}`, retryable: true })
  }),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)
