/** What is wrong with the parameters of a stage, each for itself valid, once they are seen together. */
import * as Result from "effect/Result"
import type { Resources } from "./resources.ts"

export interface ParamProblem {
  /** Path of the parameter or input that it is about: `k`, `groups[2]`, `values.lr`. The message is shown where it is written. */
  readonly param: string
  readonly problem: string
  /** What the person can do about it. */
  readonly remedy?: string
  /** Told, and nothing is refused for it. */
  readonly mild?: boolean
  /** Wrong only where who runs the stage has less than this, and the file does not say itself how much the stage takes. */
  readonly needs?: Pick<Resources, "memory">
}

/** Settings, or everything that is wrong. */
export type Decoded<Settings> = Result.Result<Settings, ReadonlyArray<ParamProblem>>

/** Settings, if nothing is wrong. */
export const decoded = <Settings>(settings: Settings, problems: ReadonlyArray<ParamProblem>): Decoded<Settings> =>
  problems.length === 0 ? Result.succeed(settings) : Result.fail(problems)

/** `k is 9, more than the 8 latents of d_sae; lower k`. */
export const formatParamProblem = ({ problem, remedy }: ParamProblem): string =>
  remedy === undefined ? problem : `${problem}; ${remedy}`
