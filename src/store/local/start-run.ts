/**
 * Makes the folder of a run: its plan, its events as NDJSON, and a log per stage. All of it is for people, so a store that cannot
 * be written keeps no record, and a run of hits goes on; a stage that computes is refused there.
 */
import { randomUUID } from "node:crypto"
import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { thisProcess } from "../../file/process-identity.ts"
import { writeAtomic } from "../../file/atomic-write.ts"
import { makeDirectory } from "../../file/make-directory.ts"
import type { Json } from "../../json/canonical-json.ts"
import type { RunRecord } from "../run-record.ts"
import { runsDirectory } from "./layout.ts"
import { eventsPath, logPath, logsFolder, planPath } from "./run-folder.ts"

/** Sorts by time of start, to the millisecond: several runs of hits fit into a second. */
const newRunId = (now: Date): string => {
  const second = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")
  return `${second}-${now.getMilliseconds().toString(16).padStart(3, "0")}${randomUUID().slice(0, 3)}`
}

interface OpenRun {
  readonly record: RunRecord
  readonly close: () => void
}

const unrecorded = (id: string, place: string): OpenRun => ({
  record: { id, place, log: (instance) => logPath(place, instance), append: () => {} },
  close: () => {}
})

const open = async (id: string, place: string, plan: Readonly<Record<string, Json>>): Promise<OpenRun> => {
  await makeDirectory(logsFolder(place))
  await writeAtomic(planPath(place), `${JSON.stringify({ ...plan, head: thisProcess() }, undefined, 2)}\n`)
  const file = openSync(eventsPath(place), "a")
  let isOpen = true
  return {
    record: {
      id,
      place,
      log: (instance) => logPath(place, instance),
      append: (event) => {
        try {
          if (isOpen) writeSync(file, `${JSON.stringify(event)}\n`)
        } catch {
          // Events are for display.
        }
      }
    },
    close: () => {
      if (isOpen) closeSync(file)
      isOpen = false
    }
  }
}

export const startRun = (
  root: string,
  plan: Readonly<Record<string, Json>>
): Effect.Effect<RunRecord, never, Scope.Scope> =>
  Effect.suspend(() => {
    const id = newRunId(new Date())
    const place = join(runsDirectory(root), id)
    const opening = Effect.promise(() => open(id, place, plan).catch(() => unrecorded(id, place)))
    return Effect.map(
      Effect.acquireRelease(opening, ({ close }) => Effect.sync(close)),
      ({ record }) => record
    )
  })
