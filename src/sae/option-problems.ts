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

/** Share of the steps between two resamplings that the last one needs after it: latents just made anew spoil an SAE. */
const leastAfterResampling = 0.1

const lateResampling = (options: TrainingOptions): ReadonlyArray<ParamProblem> => {
  const every = options.architecture.resampling?.(resolveOptions(options))?.every
  if (every === undefined || every >= options.steps) return []
  const left = options.steps % every || every
  if (left >= leastAfterResampling * every) return []
  return [
    {
      param: "resample_every",
      problem: `the last resampling comes after step ${options.steps - left}, ${left} before the end: its latents would hardly be trained`,
      remedy: "choose it so that a tenth of it, at least, is left after the last resampling"
    }
  ]
}

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
    : [
        ...architecture.problems(options, task),
        ...sharedProblems(options, task),
        ...frozenProblems(options),
        ...lateResampling(options)
      ]
}
