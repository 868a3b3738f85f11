/** The action records of a store: which attempts a key has had, and which of them it stands for. */
import { readFileSync, statSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join } from "node:path"
import * as Option from "effect/Option"
import { canonicalJson } from "../../json/canonical-json.ts"
import { ACTION_FORMAT, ActionRecord, type Commit, type NewAction } from "../action-record.ts"
import { writeExclusive, writeExclusiveSoon } from "../../file/atomic-write.ts"
import { decodeSealed, sealJson } from "../../file/sealed-json.ts"
import { actionDirectory } from "./layout.ts"
import { quarantineFile } from "./quarantine.ts"
import { numbersIn } from "../../file/numbered-files.ts"

const decode = decodeSealed(ActionRecord)

/** Undefined where the text is not what was committed. */
export const decodeAction = (text: string): ActionRecord | undefined => Option.getOrUndefined(decode(text))

export const encodeAction = (record: ActionRecord): string => sealJson(canonicalJson(record))

/** What was read, by key, with what tells that its folder is unchanged: a run looks up what its plan has looked up. */
export type KnownActions = Map<string, { readonly mark: number; readonly records: ReadonlyArray<ActionRecord> }>

/** A folder may change again under the same time: until then it is read. */
const SETTLED_MS = 1_000

/** When an attempt came or went last; undefined where there is none, or where that was just now. */
const markOf = (directory: string): number | undefined => {
  let changed: number | undefined
  try {
    changed = statSync(directory, { throwIfNoEntry: false })?.mtimeMs
  } catch {
    // Reading it is refused as well.
  }
  return changed !== undefined && Math.abs(Date.now() - changed) > SETTLED_MS ? changed : undefined
}

/** Waited for: a small file takes the system a tenth of the time that handing it to another thread takes. */
const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}

/** Undefined where it is gone, or was damaged and is in quarantine now. */
const readAction = async (root: string, key: string, attempt: number): Promise<ActionRecord | undefined> => {
  const path = `${actionDirectory(root, key)}/${attempt}.json`
  const text = readText(path)
  if (text === undefined) return undefined
  const record = decodeAction(text)
  if (record?.key === key && record.attempt === attempt) return record
  await quarantineFile(root, path, `action-${key}-${attempt}`).catch(() => undefined)
  return undefined
}

/** @param known grows by what is read */
export const readActions = async (
  root: string,
  key: string,
  known?: KnownActions
): Promise<ReadonlyArray<ActionRecord>> => {
  const directory = actionDirectory(root, key)
  const mark = known === undefined ? undefined : markOf(directory)
  const before = known?.get(key)
  if (before !== undefined && before.mark === mark) return before.records
  const records: Array<ActionRecord> = []
  for (const attempt of numbersIn(directory)) {
    const record = await readAction(root, key, attempt)
    if (record !== undefined) records.push(record)
  }
  if (mark !== undefined) known?.set(key, { mark, records })
  return records
}

/** Where the canonical record is lost, the oldest one that is left stands in for it. */
export const canonicalOf = (records: ReadonlyArray<ActionRecord>): ActionRecord | undefined =>
  records.findLast((record) => record.canonical) ?? records[0]

/** @param how `soon`: somebody else settles what was committed */
export const commitAction = async (
  root: string,
  action: NewAction,
  force: boolean,
  how: "now" | "soon" = "now"
): Promise<Commit> => {
  const write = how === "now" ? writeExclusive : writeExclusiveSoon
  const directory = actionDirectory(root, action.key)
  for (;;) {
    const records = await readActions(root, action.key)
    const canonical = canonicalOf(records)
    const same = canonical?.digest === action.digest
    // A recomputation that gives the same bytes adds nothing, unless what it agrees with was accepted and never computed.
    if (same && (canonical.acceptedFrom === null || action.acceptedFrom !== null)) return { canonical, agrees: true }
    const record: ActionRecord = {
      ...action,
      format: ACTION_FORMAT,
      attempt: (numbersIn(directory).at(-1) ?? 0) + 1,
      canonical: canonical === undefined || same || force,
      nondeterministic: canonical !== undefined && !same
    }
    if (await write(join(directory, `${record.attempt}.json`), encodeAction(record))) {
      return {
        canonical: record.canonical || canonical === undefined ? record : canonical,
        agrees: canonical === undefined || same
      }
    }
  }
}

export const retractAction = async (root: string, key: string, attempt: number): Promise<void> => {
  await rm(join(actionDirectory(root, key), `${attempt}.json`), { force: true })
}
