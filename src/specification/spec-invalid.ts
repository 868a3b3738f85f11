/** Everything that is wrong in an experiment, its pipeline and its `--set` assignments, at once. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"
import type { SourceOf } from "../stage/source.ts"
import type { Location } from "./location.ts"
import { formatProblem } from "./problem.ts"
import type { Problem } from "./problem.ts"

/** Something outside, where a file names it. */
export interface NamedSource {
  readonly uri: string
  readonly of: SourceOf
  readonly at: Location
  readonly path: string
}

/** As many as a person reads before the first is mended. */
const SHOWN = 50

export class SpecInvalid extends Data.TaggedError("SpecInvalid")<{
  readonly problems: ReadonlyArray<Problem>
  /** Sources that the files name: whether they are there has not been asked. */
  readonly sources?: ReadonlyArray<NamedSource>
}> {
  override readonly [Runtime.errorExitCode] = 2
  override get message(): string {
    const more = this.problems.length - SHOWN
    const lines = this.problems.slice(0, SHOWN).map(formatProblem)
    return (more > 0 ? [...lines, `and ${more} more`] : lines).join("\n")
  }
}
