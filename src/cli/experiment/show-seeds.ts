/** What several seeds of a stage gave, where a name means them all: the means of its metrics. */
import * as Effect from "effect/Effect"
import { instancesNamed } from "../../plan/instances-named.ts"
import type { Plan } from "../../plan/plan.ts"
import { groupSeeds, seedMean, type SeedMean } from "../../plan/seed-means.ts"
import { Unreadable } from "../../specification/expression.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { ownNames } from "../render/words.ts"
import { oneResult } from "./one-stage.ts"

export interface ShownSeeds {
  /** Of the stage without its seed. */
  readonly id: string
  readonly kind: string
  readonly seeds: ReadonlyArray<string>
  readonly metrics: Readonly<Record<string, SeedMean>>
}

/** Undefined where the name means one stage, or several that differ in more than their seeds. */
export const showSeeds = Effect.fn("showSeeds")(function* (plan: Plan<ActionRecord>, name: string) {
  const instances = plan.stages.map(({ instance }) => instance).toSorted((a, b) => a.order - b.order)
  const named = instancesNamed(instances, name)
  if (named instanceof Unreadable || named.length < 2) return undefined
  const groups = groupSeeds(named)
  const [id] = groups.keys()
  if (id === undefined || groups.get(id)?.length !== named.length) return undefined
  const results = yield* Effect.forEach(named, (instance) => oneResult(plan, instance.id))
  const all = results.map(({ action }) => action.metrics)
  const names = [...new Set(all.flatMap(ownNames))]
  const metrics = Object.fromEntries(
    names.flatMap((metric) => {
      const mean = seedMean(all.flatMap((metricsOf) => metricsOf[metric] ?? []))
      return mean === undefined ? [] : [[metric, mean]]
    })
  )
  const shown: ShownSeeds = { id, kind: named[0]!.kind.name, seeds: named.map((instance) => instance.id), metrics }
  return { shown, infos: named[0]!.kind.metrics }
})
