import type { ParamProblem } from "../stage/param-problem.ts"
import type { Task } from "./architecture.ts"
import { sharedProblems } from "./settings/shared-options.ts"
import type { TrainingOptions } from "./training-options.ts"

/** Everything that is wrong with them, for what is trained with them. */
export const optionProblems = (options: TrainingOptions, task: Task = "autoencoder"): ReadonlyArray<ParamProblem> => {
  const { architecture } = options
  const values: Readonly<Record<string, unknown>> = options
  const missing = Object.entries(architecture.options).filter(([name]) => values[name] === undefined)
  return missing.length > 0
    ? missing.map(([param, { description }]) => ({
        param,
        problem: `${param} is missing: ${architecture.name} needs the number of ${description}`
      }))
    : [...architecture.problems(options, task), ...sharedProblems(options, task)]
}
