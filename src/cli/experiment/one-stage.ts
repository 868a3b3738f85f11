/** The stage of a plan that a command names: exactly one instance, with its result. */
import * as Effect from "effect/Effect"
import { instancesNamed } from "../../plan/instances-named.ts"
import type { Plan, PlannedStage } from "../../plan/plan.ts"
import { Unreadable } from "../../specification/expression.ts"
import type { ActionRecord } from "../../store/action-record.ts"
import { someOf } from "../../words/some-of.ts"
import { UsageError } from "./usage-error.ts"

/** All that the name of a stage, or a selector, stands for, in declared order; at least one. */
export const namedStages = Effect.fn("namedStages")(function* (plan: Plan<ActionRecord>, name: string) {
  const instances = plan.stages.map(({ instance }) => instance).toSorted((a, b) => a.order - b.order)
  const named = instancesNamed(instances, name)
  if (named instanceof Unreadable) return yield* new UsageError({ problem: named.message })
  const byInstance = new Map(plan.stages.map((stage) => [stage.instance, stage]))
  return named.map((instance) => byInstance.get(instance) as PlannedStage<ActionRecord>)
})

const oneStage = Effect.fn("oneStage")(function* (plan: Plan<ActionRecord>, name: string) {
  const [first, ...more] = yield* namedStages(plan, name)
  if (more.length === 0) return first as PlannedStage<ActionRecord>
  const ids = someOf([first as PlannedStage<ActionRecord>, ...more].map(({ instance }) => instance.id))
  return yield* new UsageError({ problem: `${name} names ${more.length + 1} stages, say which one: ${ids}` })
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
