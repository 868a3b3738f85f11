/** What of an instance is not what its lock says: the parts of its key by name, told without anything being computed. */
import { explain, formatReason, type Reason } from "../plan/explain.ts"
import type { KeyRecord } from "../plan/key.ts"
import { upstreamOf } from "../plan/manifest.ts"
import type { Lock, LockedStage } from "./lock.ts"
import { lockedKey, lockedParts, lockedSources, type PlannedInstance } from "./lock-stage.ts"

const sourceReasons = (locked: LockedStage, planned: PlannedInstance): ReadonlyArray<Reason> => {
  const now = lockedSources(planned)
  const before = locked.sources ?? {}
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].toSorted().flatMap((name): Array<Reason> => {
    const [old, after] = [before[name], now[name]]
    if (old?.digest === after?.digest) return []
    const at = planned.instance.origins[`sources.${name}`]
    const source = at === undefined || at.line === 0 ? null : `${at.file}:${at.line}`
    const [from, to] =
      old?.uri === after?.uri ? [old?.pin ?? old?.digest, after?.pin ?? after?.digest] : [old?.uri, after?.uri]
    const path = old?.uri === after?.uri ? `sources.${name} ${after?.uri}` : `sources.${name}`
    return [
      { path, ...(from === undefined ? {} : { before: from }), ...(to === undefined ? {} : { after: to }), source }
    ]
  })
}

/**
 * Empty where the key is the lock's, inputs taken as the lock has them: so only where something differs by itself, not
 * below it.
 *
 * @param record of the locked key, where the store has it: then every value that differs is told
 */
export const keyDifference = (lock: Lock, planned: PlannedInstance, record?: KeyRecord): ReadonlyArray<string> => {
  const { instance, facts, notes } = planned
  const locked = lock.stages[instance.id]
  if (locked === undefined) return ["the lock does not hold it"]
  const digestOf = (id: string): string | undefined => lock.stages[id]?.digest
  if (lockedKey(planned, digestOf) === locked.key) return []
  if (record !== undefined) {
    const reasons = explain(instance, record, { facts, notes, inputs: undefined }).map(formatReason)
    if (reasons.length > 0) return reasons
  }
  const now = lockedParts(planned)
  const reasons: ReadonlyArray<Reason> = [
    ...(["kind", "code", "params", "facts"] as const).flatMap((part): Array<Reason> =>
      locked[part] === now[part] ? [] : [{ path: part, before: locked[part], after: now[part], source: null }]
    ),
    ...sourceReasons(locked, planned)
  ]
  if (reasons.length > 0) return reasons.map(formatReason)
  const unknown = upstreamOf(instance).filter((id) => lock.stages[id] === undefined)
  if (unknown.length > 0) return [`its input ${unknown.join(", ")}, which the lock does not hold`]
  // The pin of a source has been moved and nothing computed since, or an input is wired to another stage.
  return ["its inputs, or pins that were moved and not run with since"]
}
