/** The action records of a store: which attempts a key has had, and which of them it stands for. */
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import * as Option from "effect/Option"
import { canonicalJson } from "../../json/canonical-json.ts"
import { ACTION_FORMAT, ActionRecord, type Commit, type NewAction } from "../action-record.ts"
import { writeExclusive } from "../../file/atomic-write.ts"
import { decodeSealed, sealJson } from "../../file/sealed-json.ts"
import { actionDirectory } from "./layout.ts"
import { quarantineFile } from "./quarantine.ts"
import { numbersIn } from "../../file/numbered-files.ts"

const decode = decodeSealed(ActionRecord)

/** Undefined where the text is not what was committed. */
export const decodeAction = (text: string): ActionRecord | undefined => Option.getOrUndefined(decode(text))

/** Undefined where it is gone, or was damaged and is in quarantine now. */
const readAction = async (root: string, key: string, attempt: number): Promise<ActionRecord | undefined> => {
  const path = join(actionDirectory(root, key), `${attempt}.json`)
  const text = await readFile(path, "utf8").catch(() => undefined)
  if (text === undefined) return undefined
  const record = decodeAction(text)
  if (record?.key === key && record.attempt === attempt) return record
  await quarantineFile(root, path, `action-${key}-${attempt}`).catch(() => undefined)
  return undefined
}

export const readActions = async (root: string, key: string): Promise<ReadonlyArray<ActionRecord>> => {
  const attempts = await numbersIn(actionDirectory(root, key))
  const records = await Promise.all(attempts.map((attempt) => readAction(root, key, attempt)))
  return records.filter((record) => record !== undefined)
}

/** Where the canonical record is lost, the oldest one that is left stands in for it. */
export const canonicalOf = (records: ReadonlyArray<ActionRecord>): ActionRecord | undefined =>
  records.findLast((record) => record.canonical) ?? records[0]

export const commitAction = async (root: string, action: NewAction, force: boolean): Promise<Commit> => {
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
      attempt: ((await numbersIn(directory)).at(-1) ?? 0) + 1,
      canonical: canonical === undefined || same || force,
      nondeterministic: canonical !== undefined && !same
    }
    if (await writeExclusive(join(directory, `${record.attempt}.json`), sealJson(canonicalJson(record)))) {
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
