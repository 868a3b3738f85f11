/** Gives the files of a job's sources the means to be fetched: a file is, when a stage is about to read it. */
import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import type { Progress } from "../stage/progress.ts"
import type { ResolvedSource, SourceFile } from "../stage/source.ts"
import type { StageFailed } from "../stage/stage-failed.ts"
import { loadScheme } from "./load-scheme.ts"

interface Reporter {
  readonly progress: (progress: Progress) => void
  readonly log: (line: string) => void
}

const fetchOf = (uri: string, file: SourceFile, { progress, log }: Reporter): Effect.Effect<void, StageFailed> =>
  Effect.gen(function* () {
    const { remote, path } = file
    if (remote === undefined || existsSync(path)) return
    const { fetch } = yield* loadScheme(remote.scheme)
    yield* (
      fetch?.({
        uri,
        place: remote.place,
        log,
        progress: (done, total) => progress({ done, total, unit: "MB" })
      }) ?? Effect.void
    )
  })

export const fetchableSources = (
  sources: Readonly<Record<string, ResolvedSource>>,
  reporter: Reporter
): Readonly<Record<string, ResolvedSource>> =>
  Object.fromEntries(
    Object.entries(sources).map(([name, source]) => [
      name,
      {
        ...source,
        files: source.files.map((file) =>
          file.remote === undefined ? file : { ...file, fetch: fetchOf(source.uri, file, reporter) }
        )
      }
    ])
  )
