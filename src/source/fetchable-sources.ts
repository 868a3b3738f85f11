/** Gives the files of a job's sources the means to be fetched: a file is, when a stage is about to read it. */
import { existsSync } from "node:fs"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { StageFailed } from "../stage/stage-failed.ts"
import type { Progress } from "../stage/progress.ts"
import type { ResolvedSource, SourceFile } from "../stage/source.ts"

interface Reporter {
  readonly progress: (progress: Progress) => void
  readonly log: (line: string) => void
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e5) / 10

const fetchOf = (uri: string, file: SourceFile, { progress, log }: Reporter): Effect.Effect<void, StageFailed> =>
  Effect.gen(function* () {
    const { remote, path } = file
    if (remote === undefined || existsSync(path)) return
    const { HubFile } = yield* Effect.promise(() => import("./hub/hub-file.ts"))
    const { downloadHubFile } = yield* Effect.promise(() => import("./hub/download-hub-file.ts"))
    const { hubSettings } = yield* Effect.promise(() => import("./hub/hub-settings.ts"))
    const wanted = yield* Schema.decodeUnknownEffect(HubFile)(remote.place).pipe(Effect.orDie)
    log(`fetching ${wanted.path} of ${wanted.repo}, ${megabytes(wanted.size)} MB`)
    yield* downloadHubFile(hubSettings(), wanted, (done, total) =>
      progress({ done: megabytes(done), total: megabytes(total), unit: "MB" })
    ).pipe(
      Effect.mapError(
        ({ reason, problem, remedy }) =>
          new StageFailed({
            problem: `source ${uri}: ${problem}`,
            remedy,
            retryable: reason === "network" || reason === "busy" || reason === "damaged"
          })
      )
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
