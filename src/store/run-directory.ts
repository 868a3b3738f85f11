/** The folder of one run: its plan, its events as NDJSON, and a log per stage. All of it is for people. */
import { randomUUID } from "node:crypto"
import { closeSync, openSync, writeSync } from "node:fs"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Json } from "../json/canonical-json.ts"
import { writeAtomic } from "../file/atomic-write.ts"
import { fileName } from "../file/file-name.ts"
import { runsDirectory } from "./layout.ts"
import { makeDirectory } from "../file/make-directory.ts"

export interface RunDirectory {
  readonly id: string
  readonly path: string
  readonly logPath: (instance: string) => string
  /** A line for `events.ndjson`. What cannot be written is dropped: events are for display, results are elsewhere. */
  readonly append: (event: unknown) => void
  readonly close: () => void
}

export const logFileName = (instance: string): string => `${fileName(instance)}.log`

/** Sorts by time of start. */
const newRunId = (now: Date): string =>
  `${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-")}-${randomUUID().slice(0, 4)}`

export const makeRunDirectory = async (root: string, plan: Json): Promise<RunDirectory> => {
  const id = newRunId(new Date())
  const path = join(runsDirectory(root), id)
  const logs = join(path, "logs")
  await makeDirectory(logs)
  await writeAtomic(join(path, "plan.json"), `${JSON.stringify(plan, undefined, 2)}\n`)
  const file = openSync(join(path, "events.ndjson"), "a")
  let open = true
  return {
    id,
    path,
    logPath: (instance) => join(logs, logFileName(instance)),
    append: (event) => {
      try {
        if (open) writeSync(file, `${JSON.stringify(event)}\n`)
      } catch {
        // See above.
      }
    },
    close: () => {
      if (open) closeSync(file)
      open = false
    }
  }
}

export interface RunSummary {
  readonly id: string
  readonly directory: string
  /** The experiment file of its plan. */
  readonly experiment: string
}

/** Newest first. */
export const readRuns = async (root: string): Promise<ReadonlyArray<RunSummary>> => {
  const names = await readdir(runsDirectory(root)).catch((): ReadonlyArray<string> => [])
  const runs = await Promise.all(
    names
      .filter((name) => /^\d{8}-\d{6}-/.test(name))
      .toSorted()
      .toReversed()
      .map(async (id) => {
        const directory = join(runsDirectory(root), id)
        const text = await readFile(join(directory, "plan.json"), "utf8").catch(() => undefined)
        if (text === undefined) return undefined
        const { experiment } = JSON.parse(text) as { readonly experiment: string }
        return { id, directory, experiment }
      })
  )
  return runs.filter((run) => run !== undefined)
}
