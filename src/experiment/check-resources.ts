/** Asked before anything runs: what a stage asks for and the executor can never give, where it is written. */
import * as Effect from "effect/Effect"
import { Executor } from "../execute/executor.ts"
import type { Plan } from "../plan/plan.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import { type Problem, sortProblems } from "../specification/problem.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"

/**
 * An estimate of the stage kind is no request: it may be too high, and the stage then simply has the machine to itself.
 *
 * @param directory a folder on the disk that results are written to
 */
export const checkResources = Effect.fn("checkResources")(function* (plan: Plan, directory: string) {
  const running = plan.stages.filter(({ action }) => action !== "hit").map(({ instance }) => instance)
  const byId = new Map(running.map((instance): readonly [string, StageInstance] => [instance.id, instance]))
  const executor = yield* Executor
  const problems = (yield* executor.unmet(running, directory)).flatMap(({ id, resource, problem }): Array<Problem> => {
    const { stage, origins } = byId.get(id) as StageInstance
    const at = origins[`resources.${resource}`] ?? (resource === "gpu" ? origins["stage.uses"] : undefined)
    return at === undefined ? [] : [{ at, path: `stages.${stage}.resources.${resource}`, message: problem }]
  })
  if (problems.length > 0) return yield* new SpecInvalid({ problems: sortProblems(problems) })
})
