/** The action records of a remote: read with suspicion, written by whoever is first. */
import * as Effect from "effect/Effect"
import { keyOf } from "../../plan/key.ts"
import type { ActionRecord, Commit } from "../action-record.ts"
import { canonicalOf, decodeAction, encodeAction } from "../local/action-log.ts"
import { actionPrefix } from "./layout.ts"
import { refuse, type SharedRemote, take } from "./shared-remote.ts"

/** Notes hold a digest of every source file: some 100 KB for the largest stage kinds. */
const LONGEST_RECORD = 16 * 1024 * 1024

/** Numbers of the attempts that are there, lowest first. */
const attemptsOf = Effect.fnUntraced(function* ({ remote }: SharedRemote, key: string) {
  const prefix = actionPrefix(key)
  const names = yield* remote.list(prefix)
  return names
    .map((name) => /^([1-9]\d*)\.json$/.exec(name.slice(prefix.length))?.[1])
    .filter((text) => text !== undefined)
    .map(Number)
    .toSorted((a, b) => a - b)
})

const problemOf = (record: ActionRecord | undefined, key: string, attempt: number): string | undefined => {
  if (record === undefined) return "it is not a whole action record"
  if (record.key !== key || record.attempt !== attempt) return "it is the record of another key or attempt"
  return keyOf(record.manifest) === key ? undefined : "its key is not that of the manifest in it"
}

const readAction = Effect.fnUntraced(function* (shared: SharedRemote, key: string, attempt: number) {
  const name = `${actionPrefix(key)}${attempt}.json`
  const bytes = yield* take(shared, name, LONGEST_RECORD)
  if (bytes === undefined) return undefined
  const record = decodeAction(new TextDecoder().decode(bytes))
  const problem = problemOf(record, key, attempt)
  if (problem === undefined) return record
  yield* refuse(shared, name, bytes, problem)
  return undefined
})

/** All attempts of a key, in order; what is not as it should be is refused and left out. */
export const readRemoteActions = Effect.fnUntraced(function* (shared: SharedRemote, key: string) {
  const attempts = yield* attemptsOf(shared, key)
  const records = yield* Effect.forEach(attempts, (attempt) => readAction(shared, key, attempt), { concurrency: 4 })
  return records.filter((record) => record !== undefined)
})

/**
 * The commit point there. Where somebody was first with other bytes, theirs is what the key stands for, and ours is kept
 * as a further attempt, flagged non-deterministic.
 */
export const pushAction = Effect.fnUntraced(function* (shared: SharedRemote, action: ActionRecord, force: boolean) {
  for (;;) {
    const canonical = canonicalOf(yield* readRemoteActions(shared, action.key))
    if (canonical?.digest === action.digest) return { canonical, agrees: true } satisfies Commit
    const record: ActionRecord = {
      ...action,
      attempt: ((yield* attemptsOf(shared, action.key)).at(-1) ?? 0) + 1,
      canonical: canonical === undefined || force,
      nondeterministic: canonical !== undefined
    }
    const bytes = new TextEncoder().encode(encodeAction(record))
    if (yield* shared.remote.putIfAbsent(`${actionPrefix(action.key)}${record.attempt}.json`, bytes)) {
      const stands = record.canonical || canonical === undefined ? record : canonical
      return { canonical: stands, agrees: canonical === undefined } satisfies Commit
    }
  }
})
