import type { ParamProblem } from "../stage/param-problem.ts"
import type { Task } from "./architecture.ts"
import { sharedProblems } from "./settings/shared-options.ts"
import { resolveOptions, type TrainingOptions } from "./training-options.ts"

/** A latent that is resampled gets another direction. */
const frozenProblems = (options: TrainingOptions): ReadonlyArray<ParamProblem> =>
  options.freeze !== "none" && options.architecture.resampling?.(resolveOptions(options)) !== undefined
    ? [
        {
          param: "freeze",
          problem: `resampling gives latents other weights than those that the ${options.freeze} was drawn with`,
          remedy: "set resample_every: null"
        }
      ]
    : []

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
    : [...architecture.problems(options, task), ...sharedProblems(options, task), ...frozenProblems(options)]
}
