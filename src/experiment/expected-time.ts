/** Seconds that the stages of a plan may take: what they took when they ran last, else what the most similar one took. */
import { estimateSeconds } from "../plan/estimate-seconds.ts"
import type { Plan } from "../plan/plan.ts"
import type { EarlierResult } from "./earlier-results.ts"

/** @param last seconds that instances took when they ran last, by id: taken as they are */
export const expectedTime = (
  plan: Plan,
  last: ReadonlyMap<string, number>,
  earlier: ReadonlyArray<EarlierResult>
): ReadonlyMap<string, number> => {
  const expected = new Map(last)
  for (const { action, instance } of plan.stages) {
    if (action === "hit" || last.has(instance.id)) continue
    const seconds = estimateSeconds({ kind: instance.kind.name, params: instance.params }, earlier)
    if (seconds !== undefined) expected.set(instance.id, seconds)
  }
  return expected
}
