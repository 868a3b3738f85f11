/** Results of earlier, as far as they tell what the stages of a plan that may run will take. */
import * as Effect from "effect/Effect"
import type { MemoryUse } from "../plan/estimate-memory.ts"
import type { Timing } from "../plan/estimate-seconds.ts"
import type { Plan } from "../plan/plan.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { Store } from "../store/store.ts"

export type EarlierResult = Timing & MemoryUse

const resultOf = ({ manifest, seconds, provenance }: ActionRecord): EarlierResult => ({
  kind: manifest.kind,
  params: manifest.params,
  seconds,
  peakMemory: provenance?.peakMemory
})

/** @param seen results that the plan has come across */
export const earlierResults = Effect.fn("earlierResults")(function* (plan: Plan, seen: ReadonlyArray<ActionRecord>) {
  const open = plan.stages.filter(({ action }) => action !== "hit")
  if (open.length === 0) return []
  const near = seen.map(resultOf)
  const kinds = new Set(near.map(({ kind }) => kind))
  // Only a kind that this experiment has no result of is looked for in the others.
  if (open.every(({ instance }) => kinds.has(instance.kind.name))) return near
  return [...near, ...(yield* (yield* Store).latest).map(resultOf)]
})
