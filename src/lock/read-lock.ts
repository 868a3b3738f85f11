/** A lock file's text to a lock, or to everything that is wrong in it, with the line and what to do. */
import * as Result from "effect/Result"
import { decodeNode } from "../specification/decode-node.ts"
import type { Location } from "../specification/location.ts"
import type { Problem } from "../specification/problem.ts"
import { sortProblems } from "../specification/problem.ts"
import { readYaml } from "../specification/read-yaml.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import { Lock, LOCK_FORMAT } from "./lock.ts"

export interface ReadLock {
  readonly lock: Lock
  /** Where a stage stands in the file; the file where it does not. */
  readonly at: (id: string) => Location
}

/** `<<<<<<< main`: seven of them begin a line, as git writes them. */
const conflictLines = (text: string): ReadonlyArray<number> =>
  text.split("\n").flatMap((line, i) => (/^<{7}( |$)/.test(line) ? [i + 1] : []))

/**
 * @param file as messages name it
 * @param experimentFile of the commands that messages advise
 */
export const readLock = (file: string, text: string, experimentFile: string): Result.Result<ReadLock, SpecInvalid> => {
  const anew = `\`pipeline run ${experimentFile} --lock\` writes it anew`
  const fail = (problems: ReadonlyArray<Problem>) => Result.fail(new SpecInvalid({ problems: sortProblems(problems) }))
  /** What to do is said once, below them all. */
  const damaged = (problems: ReadonlyArray<Problem>) =>
    fail(
      sortProblems(problems).map((problem, i) =>
        i < problems.length - 1 ? problem : { ...problem, message: `${problem.message}; ${anew}` }
      )
    )
  const [line, ...further] = conflictLines(text)
  if (line !== undefined) {
    const message =
      `two branches changed the same ${further.length === 0 ? "stage" : "stages"}, and git left both` +
      `${further.length === 0 ? "" : ` (here and in lines ${further.join(", ")})`}: take either side ` +
      `(\`git checkout --theirs\`), then \`pipeline run ${experimentFile} --lock\` writes what the merged files give`
    return fail([{ at: { file, line, col: 1 }, path: "", message }])
  }
  const { node, problems: unread } = readYaml(file, text)
  if (node === undefined || unread.length > 0) {
    return damaged(unread)
  }
  const format = node.type === "map" ? node.entries.get("lock_format")?.value : undefined
  if (format?.type === "scalar" && typeof format.value === "number" && format.value !== LOCK_FORMAT) {
    const message = `this version reads locks of format ${LOCK_FORMAT}, and this is one of format ${format.value}: ${
      format.value > LOCK_FORMAT ? "take a newer sae-pipeline, or " : ""
    }${anew}`
    return fail([{ at: format.at, path: "lock_format", message }])
  }
  const problems: Array<Problem> = []
  const lock = decodeNode(Lock, node, "", problems)
  if (lock === undefined) {
    return damaged(problems)
  }
  const stages = node.type === "map" ? node.entries.get("stages")?.value : undefined
  return Result.succeed({
    lock,
    at: (id) => (stages?.type === "map" ? stages.entries.get(id)?.keyAt : undefined) ?? { file, line: 0, col: 0 }
  })
}
