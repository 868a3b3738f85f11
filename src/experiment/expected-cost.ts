/** What the stages of a plan may take: what they took when they ran last, else what the most similar one took. */
import { estimateSeconds } from "../plan/estimate-seconds.ts"
import { mostSimilar } from "../plan/most-similar.ts"
import type { Plan } from "../plan/plan.ts"
import type { EarlierResult } from "./earlier-results.ts"

/** All by id of an instance; absent where nothing of its kind is known. */
export interface ExpectedCost {
  readonly seconds: ReadonlyMap<string, number>
  /** Bytes that its process held at most. */
  readonly peakMemory: ReadonlyMap<string, number>
  /** Those of which only results with other parameters are known: a longer training takes more than a shorter one did. */
  readonly otherParameters: ReadonlySet<string>
}

/** @param last seconds that instances took when they ran last, by id: taken as they are */
export const expectedCost = (
  plan: Plan,
  last: ReadonlyMap<string, number>,
  earlier: ReadonlyArray<EarlierResult>
): ExpectedCost => {
  const seconds = new Map(last)
  const peakMemory = new Map<string, number>()
  const otherParameters = new Set<string>()
  for (const { action, instance } of plan.stages) {
    if (action === "hit") continue
    const stage = { kind: instance.kind.name, params: instance.params }
    const { distance, results } = mostSimilar(stage, earlier)
    if (results.length === 0) continue
    if (distance > 0) otherParameters.add(instance.id)
    const peaks = results.flatMap((result) => result.peakMemory ?? [])
    if (peaks.length > 0) peakMemory.set(instance.id, Math.max(...peaks))
    const estimate = estimateSeconds(stage, earlier)
    if (!last.has(instance.id) && estimate !== undefined) seconds.set(instance.id, estimate)
  }
  return { seconds, peakMemory, otherParameters }
}
