/** The stage of a plan that a command names: exactly one instance, with its result. */
import * as Effect from "effect/Effect"
import { instancesNamed } from "../../plan/instances-named.ts"
import type { Plan, PlannedStage } from "../../plan/plan.ts"
import { Unreadable } from "../../specification/expression.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { UsageError } from "./usage-error.ts"

export const oneStage = Effect.fn("oneStage")(function* (plan: Plan<ActionRecord>, name: string) {
  const instances = plan.stages.map(({ instance }) => instance).toSorted((a, b) => a.order - b.order)
  const named = instancesNamed(instances, name)
  if (named instanceof Unreadable) return yield* new UsageError({ problem: named.message })
  if (named.length > 1) {
    const ids = named.map(({ id }) => id).join(", ")
    return yield* new UsageError({ problem: `${name} names ${named.length} stages, say which one: ${ids}` })
  }
  return plan.stages.find(({ instance }) => instance === named[0]) as PlannedStage<ActionRecord>
})

/** The same, and it must have a result. */
export const oneResult = Effect.fn("oneResult")(function* (plan: Plan<ActionRecord>, name: string) {
  const stage = yield* oneStage(plan, name)
  if (stage.action === "hit" && stage.found !== undefined) return { stage, action: stage.found }
  const waits = stage.waitsFor.length === 0 ? "" : ` (${stage.waitsFor.join(", ")} must run first)`
  return yield* new UsageError({
    problem: `${stage.instance.id} has no result for what the files say now${waits}; \`pipeline run\` makes it, \`pipeline why\` tells what changed`
  })
})
