/** One reading of `with:` of an instance: what was given, where problems go, and whether all of it could be read. */
import { formatLine } from "../specification/location.ts"
import type { Location } from "../specification/location.ts"
import type { Problem } from "../specification/problem.ts"
import type { StageKind } from "../stage/stage.ts"
import type { Value } from "./value.ts"

/** An entry of `with:`: the value that its expressions gave (undefined: reported already) and where it stands. */
export interface Given {
  readonly keyAt: Location
  /** Where it is used, which for `${{ params.k }}` is not where its value was written. */
  readonly at: Location
  readonly value: Value | undefined
}

export interface WithContext {
  readonly stage: string
  readonly kind: StageKind
  readonly given: ReadonlyMap<string, Given>
  /** Where something that is missing should stand. */
  readonly withAt: Location
  readonly stageNames: ReadonlyArray<string>
  /** Names of all artifact kinds, for a stage kind whose output a parameter names. */
  readonly artifactKinds: ReadonlyArray<string>
  /** Name of the artifact kind that an instance makes; undefined: not known, because of a fault. */
  readonly outputOf: (instance: string) => string | undefined
  readonly problems: Array<Problem>
}

export interface WithReading extends WithContext {
  /** Tells what is wrong with the entry of that name. */
  readonly report: (at: Location, name: string, message: string) => undefined
  /** Something could not be read for a fault that has been told already. */
  readonly incomplete: () => undefined
  readonly isComplete: () => boolean
  /** Where each value that was read is written, for `why`: by `params.NAME`, `sources.NAME`, `inputs.NAME`. */
  readonly origins: Record<string, Location>
}

export const beginReading = (context: WithContext): WithReading => {
  let complete = true
  const incomplete = (): undefined => void (complete = false)
  return {
    ...context,
    report: (at, name, message) => {
      context.problems.push({ at, path: `stages.${context.stage}.with.${name}`, message })
      return incomplete()
    },
    incomplete,
    isComplete: () => complete,
    origins: {}
  }
}

/** ` (from FILE:LINE:COL)`, where a value was not written where it is used. */
export const writtenElsewhere = ({ at, value }: Given): string =>
  value === undefined || value.at === at || (value.at.file === at.file && value.at.line === at.line)
    ? ""
    : ` (from ${formatLine(value.at)})`
