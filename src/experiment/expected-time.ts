/** Seconds that the stages of a plan may take: what they took when they ran last, else what the most similar one took. */
import * as Effect from "effect/Effect"
import { estimateSeconds, type Timing } from "../plan/estimate-seconds.ts"
import type { Plan } from "../plan/plan.ts"
import type { ActionRecord } from "../store/action-record.ts"
import { Store } from "../store/store.ts"

const timingOf = ({ manifest, seconds }: ActionRecord): Timing => ({
  kind: manifest.kind,
  params: manifest.params,
  seconds
})

/**
 * @param last seconds that instances took when they ran last, by id: taken as they are
 * @param seen results that the plan has come across
 */
export const expectedTime = Effect.fn("expectedTime")(function* (
  plan: Plan<ActionRecord>,
  last: ReadonlyMap<string, number>,
  seen: ReadonlyArray<ActionRecord>
) {
  const expected = new Map(last)
  const open = plan.stages.filter(({ action, instance }) => action !== "hit" && !last.has(instance.id))
  if (open.length === 0) return expected
  const store = yield* Store
  const near = seen.map(timingOf)
  const kinds = new Set(near.map(({ kind }) => kind))
  // Only a kind that this experiment has no result of is looked for in the others.
  const far = open.every(({ instance }) => kinds.has(instance.kind.name)) ? [] : (yield* store.latest).map(timingOf)
  for (const { instance } of open) {
    const seconds = estimateSeconds({ kind: instance.kind.name, params: instance.params }, [...near, ...far])
    if (seconds !== undefined) expected.set(instance.id, seconds)
  }
  return expected
})
