/** What the reading of an experiment found that is not wrong, but may not be what a person expects. */
import type { Compiled } from "../../plan/compile.ts"
import { formatProblem } from "../../specification/problem.ts"

export const noteLines = ({ notes }: Compiled): ReadonlyArray<string> =>
  notes.map((note) => `note: ${formatProblem(note)}`)
