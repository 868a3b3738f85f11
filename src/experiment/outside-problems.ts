/** What is wrong outside the files, found while the files have faults too: a person mends all of it at once. */
import { dirname, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import { openFileIndex } from "../file/file-index.ts"
import { resolveSource } from "../source/resolve-source.ts"
import { onCommandLine } from "../specification/location.ts"
import { sortProblems } from "../specification/problem.ts"
import type { Problem } from "../specification/problem.ts"
import { SpecInvalid } from "../specification/spec-invalid.ts"
import type { NamedSource } from "../specification/spec-invalid.ts"
import { engineNames } from "../tensor/engine-info.ts"
import { suggestOrList } from "../words/did-you-mean.ts"

const SIDE_BY_SIDE = 8

/** `PIPELINE_ENGINE` names no engine. */
export const engineProblems = (): ReadonlyArray<Problem> => {
  const name = process.env["PIPELINE_ENGINE"] ?? ""
  const known = ["auto", ...engineNames]
  if (name === "" || known.includes(name)) return []
  const message = `there is no engine "${name}"${suggestOrList(name, known)}`
  return [{ at: onCommandLine(`PIPELINE_ENGINE=${name}`), path: "", message }]
}

/** The folder that a relative path starts from. */
export const baseOf = (at: NamedSource["at"]): string => (at.line === 0 ? process.cwd() : dirname(resolve(at.file)))

const sourceProblems = Effect.fnUntraced(function* (cache: string, sources: ReadonlyArray<NamedSource>) {
  const named = [...new Map(sources.map((source) => [`${source.of} ${source.uri}`, source])).values()]
  if (named.length === 0) return []
  // Never saved: with faults in the files nothing is written.
  const index = yield* Effect.promise(() => openFileIndex(join(cache, "index.json"), "not saved"))
  const found = yield* Effect.forEach(
    named,
    ({ uri, of, at, path }) =>
      Effect.match(resolveSource(uri, of, baseOf(at), index), {
        onSuccess: (): ReadonlyArray<Problem> => [],
        onFailure: ({ message }) => [{ at, path, message }]
      }),
    { concurrency: SIDE_BY_SIDE }
  )
  return found.flat()
})

/** The error of the files, with what else is wrong. */
export const withOutsideProblems = (cache: string) => (invalid: SpecInvalid) =>
  Effect.flatMap(sourceProblems(cache, invalid.sources ?? []), (found) =>
    Effect.fail(new SpecInvalid({ problems: sortProblems([...invalid.problems, ...engineProblems(), ...found]) }))
  )
