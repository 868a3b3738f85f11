/** The results of the stages that a command names, as they stand now in the store. */
import * as Effect from "effect/Effect"
import { type ExperimentInput, readExperiment, withStore } from "../../experiment/load-experiment.ts"
import { planExperiment } from "../../experiment/plan-experiment.ts"
import { instancesNamed } from "../../plan/instances-named.ts"
import { Unreadable } from "../../specification/expression.ts"
import { UsageError } from "./usage-error.ts"

export const namedResults = Effect.fnUntraced(function* (input: ExperimentInput & { readonly stage: string }) {
  const experiment = yield* readExperiment(input)
  const { plan } = yield* withStore(experiment.project.cache, planExperiment(experiment))
  const named = instancesNamed(
    plan.stages.map(({ instance }) => instance),
    input.stage
  )
  if (named instanceof Unreadable) return yield* new UsageError({ problem: named.message })
  const ids = new Set(named.map(({ id }) => id))
  const stages = plan.stages.filter(({ instance }) => ids.has(instance.id))
  return {
    project: experiment.project,
    experiment: experiment.name,
    ids: [...ids],
    found: stages.flatMap(({ instance, action, found }) =>
      action === "hit" && found ? [{ id: instance.id, found }] : []
    )
  }
})
