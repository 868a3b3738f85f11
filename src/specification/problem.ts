/** One thing that is wrong in what a person wrote: where, at which path of the file, and what to do about it. */
import { cutText } from "../words/cut-text.ts"
import { formatLocation } from "./location.ts"
import type { Location } from "./location.ts"

export interface Problem {
  readonly at: Location
  /** `stages.sae.with.k`; "" for the file as a whole. */
  readonly path: string
  readonly message: string
}

/** Expressions and names of any length stand in messages and paths. */
const mostPath = 120
const mostMessage = 500

export const formatProblem = ({ at, path, message }: Problem): string => {
  const where = path === "" ? "" : ` ${cutText(path, mostPath)}`
  return `${formatLocation(at)}${where}: ${cutText(message, mostMessage)}`
}

const compare = (a: Problem, b: Problem): number =>
  (a.at.file < b.at.file ? -1 : a.at.file > b.at.file ? 1 : 0) || a.at.line - b.at.line || a.at.col - b.at.col

/** In the order of the files; the same thing found in several matrix rows is said once. */
export const sortProblems = (problems: ReadonlyArray<Problem>): ReadonlyArray<Problem> => {
  const seen = new Set<string>()
  return problems.toSorted(compare).filter((problem) => {
    const text = formatProblem(problem)
    if (seen.has(text)) return false
    seen.add(text)
    return true
  })
}
