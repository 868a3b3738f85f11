/** Pins moved to what the names of sources stand for now. Keys and results stay those of the old ones until a run. */
import type { Lock, LockedStage } from "./lock.ts"
import { lockedSources, type PlannedInstance } from "./lock-stage.ts"

export interface PinMove {
  readonly uri: string
  readonly from: string
  readonly to: string
  /** Ids of the instances that read the source. */
  readonly stages: ReadonlyArray<string>
}

/**
 * @param planned resolved without the lock's pins
 * @returns `pins`: how many different sources have one
 */
export const movePins = (
  lock: Lock,
  planned: ReadonlyArray<PlannedInstance>
): { readonly lock: Lock; readonly pins: number; readonly moves: ReadonlyArray<PinMove> } => {
  const stages: Record<string, LockedStage> = { ...lock.stages }
  const pinned = new Set<string>()
  const moves = new Map<string, PinMove>()
  for (const each of planned) {
    const { id } = each.instance
    const locked = lock.stages[id]
    if (locked?.sources === undefined) continue
    const sources = { ...locked.sources }
    for (const [name, now] of Object.entries(lockedSources(each))) {
      const before = sources[name]
      if (before?.pin === undefined || now.pin === undefined || before.uri !== now.uri) continue
      pinned.add(now.uri)
      if (before.pin === now.pin) continue
      sources[name] = now
      const same = `${now.uri} ${before.pin}`
      const earlier = moves.get(same)?.stages ?? []
      moves.set(same, { uri: now.uri, from: before.pin, to: now.pin, stages: [...earlier, id] })
    }
    stages[id] = { ...locked, sources }
  }
  return { lock: { ...lock, stages }, pins: pinned.size, moves: [...moves.values()] }
}
