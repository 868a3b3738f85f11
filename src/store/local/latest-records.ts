/** The latest results of all experiments: what a new one is compared with. */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { ActionRecord } from "../action-record.ts"
import { canonicalOf, readActions } from "./action-log.ts"
import { decodeLastKeys } from "./last-keys.ts"
import { runsDirectory } from "./layout.ts"

/** A record has up to 100 KB: reading more of them would take longer than an estimate is worth. */
const MOST = 200

export const latestRecords = async (root: string): Promise<ReadonlyArray<ActionRecord>> => {
  const folder = join(runsDirectory(root), "last")
  const names = await readdir(folder).catch((): ReadonlyArray<string> => [])
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8").catch(() => "")))
  const keys = new Set(texts.flatMap((text) => Object.values(decodeLastKeys(text))))
  const records = await Promise.all([...keys].slice(0, MOST).map((key) => readActions(root, key)))
  return records.flatMap((of) => canonicalOf(of) ?? [])
}
