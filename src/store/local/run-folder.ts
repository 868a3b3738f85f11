/** Where the files of a run are: `runs/<id>/` with `plan.json`, `events.ndjson` and `logs/`. */
import { join } from "node:path"
import { fileName } from "../../file/file-name.ts"

export const planPath = (folder: string): string => join(folder, "plan.json")
export const eventsPath = (folder: string): string => join(folder, "events.ndjson")
export const logsFolder = (folder: string): string => join(folder, "logs")
export const logPath = (folder: string, instance: string): string =>
  join(logsFolder(folder), `${fileName(instance)}.log`)
