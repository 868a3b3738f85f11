/** What of a `command` stage's parameters can be said before anything runs: names become variables and paths. */
import { isAbsolute, normalize } from "node:path"
import { decoded } from "../stage/param-problem.ts"
import type { Decoded, ParamProblem } from "../stage/param-problem.ts"
import { variableName, variableRule } from "../words/variable-name.ts"
import type { CommandParams } from "./command-facts.ts"

/** The stage's own; one that is passed on would be overwritten. */
const own = /^(OUTPUT$|INPUT_|VALUE_)/

const showName = (name: string): string => JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}...` : name)

const outside = (path: string): boolean => isAbsolute(path) || /^\.\.(\/|$)/.test(normalize(path))

const variableProblems = (param: "env" | "secret", names: ReadonlyArray<string>): ReadonlyArray<ParamProblem> =>
  names.flatMap((name, index) => {
    const at = `${param}[${index}]`
    if (!variableName.test(name)) return [{ param: at, problem: `${showName(name)} is no variable: ${variableRule}` }]
    return own.test(name) ? [{ param: at, problem: `${name} is a variable that the stage sets itself` }] : []
  })

export const checkCommand = (params: CommandParams): Decoded<undefined> =>
  decoded(undefined, [
    ...Object.keys(params.values)
      .filter((name) => !variableName.test(name))
      .map((name) => ({ param: "values", problem: `${showName(name)} cannot become $VALUE_<name>: ${variableRule}` })),
    ...variableProblems("env", params.env),
    ...variableProblems("secret", params.secret),
    ...params.files.flatMap((path, index) =>
      outside(path)
        ? [
            {
              param: `files[${index}]`,
              problem: `${showName(path)} is outside the project`,
              remedy: "give paths below the project's folder"
            }
          ]
        : []
    )
  ])
