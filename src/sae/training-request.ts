/** Training options from what a user gives: null for everything that is left to the preset or the defaults. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Params } from "../stage/param.ts"
import { type Decoded, decoded, type ParamProblem } from "../stage/param-problem.ts"
import type { SaeArchitecture, Task } from "./architecture.ts"
import { architectures } from "./architectures.ts"
import { optionProblems } from "./option-problems.ts"
import { sharedOptions } from "./settings/shared-options.ts"
import { defaultsOf, type TrainingOptions } from "./training-options.ts"

/** Options go by their names; what is no option of any architecture, and a stage kind has for itself, may be among them. */
export type TrainingRequest = {
  readonly architecture: string
  readonly preset: string
  readonly d_sae: number
  readonly steps: number
  readonly seed: number
  readonly skip?: boolean
} & Readonly<Record<string, unknown>>

/** Values that are neither null nor left out. */
const present = (values: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined))

const isOwnOfAny = (name: string): boolean => [...architectures.values()].some(({ options }) => name in options)

/** Options of other architectures that are given, and values that an option does not take. */
const misplaced = ({ name, options }: SaeArchitecture, given: Readonly<Record<string, unknown>>) => {
  const known: Params = { ...sharedOptions, ...options }
  return Object.entries(given).flatMap(([param, value]): ReadonlyArray<ParamProblem> => {
    const option = known[param]
    if (option !== undefined) {
      const taken = Result.isSuccess(Schema.decodeUnknownResult(option.schema)(value))
      return taken ? [] : [{ param, problem: `${param} of ${name} is ${option.type}, not ${JSON.stringify(value)}` }]
    }
    if (!isOwnOfAny(param)) return []
    const has = Object.keys(options).join(", ")
    return [{ param, problem: `${name} has no \`${param}\`; it has ${has}`, remedy: "leave it out, or give null" }]
  })
}

const presetProblem = (preset: string, { name }: SaeArchitecture): ParamProblem => {
  const known = [...architectures.values()].filter(({ presets }) => preset in presets).map((each) => each.name)
  const problem = `the preset ${preset} has no settings for ${name}; it has some for ${known.join(", ")}`
  return { param: "preset", problem }
}

/** What is given over the preset over the defaults; or everything that is wrong with it. */
export const trainingRequest = (request: TrainingRequest, task?: Task): Decoded<TrainingOptions> => {
  const { architecture: name, preset, d_sae, steps, seed, skip = false, ...rest } = request
  const architecture = architectures.get(name)
  if (architecture === undefined) {
    const known = [...architectures.keys()].join(", ")
    return Result.fail([{ param: "architecture", problem: `there is no architecture ${name}; there are ${known}` }])
  }
  const given = present(rest)
  const chosen = preset === "none" ? {} : architecture.presets[preset]
  const problems = [
    ...misplaced(architecture, given),
    ...(chosen === undefined ? [presetProblem(preset, architecture)] : [])
  ]
  if (problems.length > 0) return Result.fail(problems)
  const defaults = { ...defaultsOf(sharedOptions), ...defaultsOf(architecture.options) }
  const settings = { ...defaults, ...(preset === "none" ? architecture.defaults : chosen), ...given }
  const implied = architecture.implied?.(settings, given) ?? {}
  // Every value has been taken by its option's schema.
  const options = { ...settings, ...implied, architecture, d_sae, steps, seed, skip } as TrainingOptions
  return decoded(options, optionProblems(options, task))
}
