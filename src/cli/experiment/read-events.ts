/** The events of a past or present run, from its `events.ndjson`; a last line that is still being written is left out. */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { RunEvent } from "../../run/event.ts"

const parse = (line: string): RunEvent | undefined => {
  try {
    return JSON.parse(line) as RunEvent
  } catch {
    return undefined
  }
}

export const readEvents = (runDirectory: string): Effect.Effect<ReadonlyArray<RunEvent>> =>
  Effect.promise(() => readFile(join(runDirectory, "events.ndjson"), "utf8").catch(() => "")).pipe(
    Effect.map((text) =>
      text
        .split("\n")
        .map(parse)
        .filter((event) => event !== undefined)
    )
  )
