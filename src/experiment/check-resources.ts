/** Asked before anything runs: what a stage asks for, or cannot do without, and the executor can never give, where it is written. */
import * as Effect from "effect/Effect"
import { Executor } from "../execute/executor.ts"
import type { Need } from "../plan/check-upstream.ts"
import type { Plan } from "../plan/plan.ts"
import type { StageInstance } from "../plan/stage-instance.ts"
import { type Problem, sortProblems } from "../specification/problem.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"

/** What the file says goes before what the stage kind reckons. */
const unsaid = ({ needs }: Need, { origins }: StageInstance): boolean =>
  Object.keys(needs).every((resource) => origins[`resources.${resource}`] === undefined)

/**
 * An estimate of the stage kind is no request: it may be too high, and the stage then simply has the machine to itself. What
 * the kind says it cannot do without is one, unless the file says how much the stage takes.
 *
 * @param directory a folder on the disk that results are written to
 */
export const checkResources = Effect.fn("checkResources")(function* (plan: Plan, directory: string) {
  const running = plan.stages.filter(({ action }) => action !== "hit").map(({ instance }) => instance)
  const byId = new Map(running.map((instance): readonly [string, StageInstance] => [instance.id, instance]))
  const executor = yield* Executor
  const asked = (yield* executor.unmet(running, directory)).flatMap(({ id, resource, problem }): Array<Problem> => {
    const { stage, origins } = byId.get(id) as StageInstance
    const at = origins[`resources.${resource}`] ?? (resource === "gpu" ? origins["stage.uses"] : undefined)
    return at === undefined ? [] : [{ at, path: `stages.${stage}.resources.${resource}`, message: problem }]
  })
  const needs = plan.needs.filter((need) => unsaid(need, byId.get(need.id) as StageInstance))
  const lacking = yield* Effect.forEach(needs, (need) =>
    Effect.map(executor.unmet([{ id: need.id, resources: need.needs }], directory), (found) =>
      found.map(({ resource, problem, most = problem }): Problem => {
        const insist = `where it takes less, say how much: resources: { ${resource}: ... }`
        const message = `${need.problem}, and ${most}; ${need.remedy}; ${insist}`
        return { at: need.at, path: need.path, message }
      })
    )
  )
  const problems = [...asked, ...lacking.flat()]
  if (problems.length > 0) return yield* new SpecInvalid({ problems: sortProblems(problems) })
})
