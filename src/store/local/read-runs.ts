/** The runs that a store keeps, past and present. */
import { open, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ProcessIdentity, processState } from "../../file/process-identity.ts"
import type { RunSummary } from "../run-record.ts"
import { runsDirectory } from "./layout.ts"
import { eventsPath, logPath, planPath } from "./run-folder.ts"

const PlanText = Schema.fromJsonString(
  Schema.Struct({
    experiment: Schema.String,
    stages: Schema.Array(
      Schema.Struct({
        id: Schema.String,
        at: Schema.Record(Schema.String, Schema.Json),
        needs: Schema.optionalKey(Schema.Array(Schema.String)),
        temp: Schema.optionalKey(Schema.Boolean)
      })
    ),
    head: Schema.optionalKey(ProcessIdentity)
  })
)

const parsed = (line: string): ReadonlyArray<unknown> => {
  try {
    return [JSON.parse(line)]
  } catch {
    // The last line may be half there.
    return []
  }
}

const textOf = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined)

/** Most of a log that is read at once: who follows comes back for the rest. */
const LOG_BYTES = 4 << 20

/** None where there is no such file (yet). */
const bytesAfter = async (path: string, from: number, most = Infinity): Promise<Buffer> => {
  const file = await open(path, "r").catch(() => undefined)
  if (file === undefined) return Buffer.alloc(0)
  try {
    const { size } = await file.stat()
    const bytes = Buffer.alloc(Math.min(most, Math.max(0, size - from)))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
    return bytes.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/** Newest first. A run whose plan cannot be read is left out: it is one run's loss, not everybody's. */
export const readRuns = async (root: string): Promise<ReadonlyArray<RunSummary>> => {
  const names = await readdir(runsDirectory(root)).catch((): ReadonlyArray<string> => [])
  const runs = await Promise.all(
    names
      .filter((name) => /^\d{8}-\d{6}-/.test(name))
      .toSorted()
      .toReversed()
      .map(async (id): Promise<ReadonlyArray<RunSummary>> => {
        const place = join(runsDirectory(root), id)
        const plan = Schema.decodeUnknownOption(PlanText)(await textOf(planPath(place)))
        if (plan._tag === "None") return []
        return [
          {
            id,
            place,
            experiment: plan.value.experiment,
            // A stage's name has no bracket, so the first one begins its coordinates.
            instances: plan.value.stages.map(({ id, at, needs = [], temp = false }) => ({
              id,
              stage: id.replace(/\[.*$/s, ""),
              at,
              needs,
              temp
            })),
            events: Effect.promise(async () => ((await textOf(eventsPath(place))) ?? "").split("\n").flatMap(parsed)),
            eventsAfter: (from) =>
              Effect.promise(async () => {
                const bytes = await bytesAfter(eventsPath(place), from)
                const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1)
                return { events: whole.toString("utf8").split("\n").flatMap(parsed), next: from + whole.length }
              }),
            logAfter: (instance, from) =>
              Effect.promise(async () => {
                const bytes = await bytesAfter(logPath(place, instance), from, LOG_BYTES)
                return { bytes, next: from + bytes.length }
              }),
            head: Effect.sync(() => (plan.value.head === undefined ? "unknown" : processState(plan.value.head))),
            log: (instance) =>
              Effect.promise(async () => {
                const path = logPath(place, instance)
                const text = await textOf(path)
                return text === undefined ? undefined : { path, text }
              })
          }
        ]
      })
  )
  return runs.flat()
}
