/** Options of the architectures that are sparse by a penalty, and what has to hold of them. */
import * as Param from "../../stage/param.ts"
import type { ParamProblem } from "../../stage/param-problem.ts"

export const penaltyOptions = {
  sparsity_coefficient: Param.number({ default: 0, minimum: 0, description: "weight of the sparsity penalty" }),
  sparsity_warmup: Param.number({
    default: 0.05,
    minimum: 0,
    maximum: 1,
    description: "share of the steps over which that weight rises linearly from 0"
  })
}

export type PenaltyOptions = Param.ParamValues<typeof penaltyOptions>

export const penaltyProblems = (name: string, { sparsity_coefficient }: PenaltyOptions): ReadonlyArray<ParamProblem> =>
  sparsity_coefficient > 0
    ? []
    : [
        {
          param: "sparsity_coefficient",
          problem: `sparsity_coefficient is missing: ${name} is sparse by its penalty alone`
        }
      ]
