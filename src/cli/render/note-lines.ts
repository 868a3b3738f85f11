/** Lines on what is not wrong, but may not be what a person expects. */
import type { Compiled } from "../../plan/compile.ts"
import type { Plan } from "../../plan/plan.ts"
import { formatProblem } from "../../specification/problem.ts"

/** What the reading and the planning of an experiment found. */
export const noteLines = (compiled: Compiled, plan: Plan): ReadonlyArray<string> =>
  [...compiled.notes, ...plan.notes].map((note) => `note: ${formatProblem(note)}`)
