/** A lock brought up to date with what a run gave. */
import { canonicalJson } from "../json/canonical-json.ts"
import { KEY_FORMAT } from "../plan/key.ts"
import { upstreamOf } from "../plan/manifest.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { keyDifference } from "./key-difference.ts"
import { LOCK_FORMAT, type Lock, type LockedStage } from "./lock.ts"
import { lockStage, type PlannedInstance } from "./lock-stage.ts"

export interface LockedResult extends PlannedInstance {
  readonly record: ActionRecord
}

/**
 * Ids to write anew: where a key is made from other things than the lock says. Where it is not, the entry stays, though
 * another engine or instruction set may have given other bytes: else each machine would write its own over the others'.
 *
 * An entry stands on the digests of its inputs. So over an input that came out otherwise than the lock says, both ends are
 * written or none.
 */
const outdated = (before: Lock, results: ReadonlyArray<LockedResult>): ReadonlySet<string> => {
  const moved = new Set(
    results
      .filter(({ instance, record }) => before.stages[instance.id]?.digest !== record.digest)
      .map(({ instance }) => instance.id)
  )
  const anew = new Set(
    results.filter((result) => keyDifference(before, result).length > 0).map(({ instance }) => instance.id)
  )
  for (let size = -1; size !== anew.size;) {
    size = anew.size
    for (const { instance } of results) {
      for (const input of upstreamOf(instance)) {
        if (!moved.has(input)) continue
        if (anew.has(instance.id)) anew.add(input)
        else if (anew.has(input)) anew.add(instance.id)
      }
    }
  }
  return anew
}

/**
 * @param before undefined where there is none yet
 * @param results in topological order, with all that they need
 * @param known ids of all instances that the experiment has; others leave the lock
 * @param which of the results are written: those that are `outdated`, or all
 */
export const updateLock = (
  before: Lock | undefined,
  results: ReadonlyArray<LockedResult>,
  known: ReadonlySet<string>,
  which: "outdated" | "all"
): Lock => {
  const current = before?.key_format === KEY_FORMAT ? before : undefined
  const anew = current === undefined || which === "all" ? undefined : outdated(current, results)
  const stages: Record<string, LockedStage> = {}
  for (const [id, stage] of Object.entries(current?.stages ?? {})) if (known.has(id)) stages[id] = stage
  for (const result of results) {
    const { id } = result.instance
    if (anew !== undefined && !anew.has(id)) continue
    stages[id] = lockStage(result, result.record, (input) => stages[input]?.digest)
  }
  return { lock_format: LOCK_FORMAT, key_format: KEY_FORMAT, stages }
}

/** Ids whose entry came, went, or is another now. */
export const changesOf = (before: Lock | undefined, after: Lock): ReadonlyArray<string> =>
  [...new Set([...Object.keys(before?.stages ?? {}), ...Object.keys(after.stages)])]
    .toSorted()
    .filter((id) => canonicalJson(before?.stages[id] ?? null) !== canonicalJson(after.stages[id] ?? null))
