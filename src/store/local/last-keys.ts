/**
 * Which key each stage of an experiment last had a result under: what "why does it run again" compares with. Losing it
 * costs an explanation, never a result.
 */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { writeAtomic } from "../../file/atomic-write.ts"
import { sha256Of } from "../../file/hash-file.ts"
import { runsDirectory } from "./layout.ts"

const pathOf = (root: string, experiment: string): string =>
  join(runsDirectory(root), "last", `${sha256Of(experiment).slice(0, 16)}.json`)

const LastKeys = Schema.Struct({
  experiment: Schema.String,
  keys: Schema.Record(Schema.String, Schema.String)
})
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(LastKeys))

/** Of one experiment's file; none where it is not what `addLastKeys` wrote. */
export const decodeLastKeys = (text: string): Readonly<Record<string, string>> =>
  Option.getOrUndefined(decode(text))?.keys ?? {}

export const readLastKeys = async (root: string, experiment: string): Promise<Readonly<Record<string, string>>> => {
  const text = await readFile(pathOf(root, experiment), "utf8").catch(() => "")
  return decodeLastKeys(text)
}

/** Adds to what is known. Two runs at once may lose each other's additions, which the next run makes good. */
export const addLastKeys = async (
  root: string,
  experiment: string,
  keys: Readonly<Record<string, string>>
): Promise<void> => {
  const known = await readLastKeys(root, experiment)
  if (Object.entries(keys).every(([id, key]) => known[id] === key)) return
  const merged: typeof LastKeys.Type = { experiment, keys: { ...known, ...keys } }
  await writeAtomic(pathOf(root, experiment), `${JSON.stringify(merged, undefined, 2)}\n`)
}
