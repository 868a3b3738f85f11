/**
 * The stage kinds that exist: one file each in the package's `stages/` and in the project's own, found by name.
 * A kind of the project hides one of ours with the same name.
 */
import { existsSync, readdirSync } from "node:fs"
import { basename, join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { loadFailure } from "./load-failure.ts"
import type { StageKind } from "../stage/stage.ts"
import { resolveOwnImports } from "./own-imports.ts"

export class StageKindBroken extends Data.TaggedError("StageKindBroken")<{
  readonly file: string
  readonly problem: string
}> {
  override get message(): string {
    return `${this.file}: ${this.problem}`
  }
}

/** Kind name -> absolute path of its module. */
export type StageFiles = Readonly<Record<string, string>>

export const stageFiles = (directories: ReadonlyArray<string>): StageFiles => {
  const files: Record<string, string> = {}
  for (const directory of directories) {
    if (!existsSync(directory)) continue
    for (const file of readdirSync(directory)) {
      if (/^[a-z][a-z0-9-]*\.(ts|mjs|js)$/.test(file))
        files[basename(file).replace(/\.\w+$/, "")] = join(directory, file)
    }
  }
  return files
}

export const loadStageKind = (file: string): Effect.Effect<StageKind, StageKindBroken> =>
  Effect.tryPromise({
    try: async () => {
      await resolveOwnImports(file)
      return (await import(pathToFileURL(file).href)) as { readonly default?: StageKind }
    },
    catch: (cause) => new StageKindBroken({ file, problem: loadFailure(cause) })
  }).pipe(
    Effect.flatMap((module) => {
      const name = basename(file).replace(/\.\w+$/, "")
      const kind = module.default
      if (kind === undefined || typeof kind.run !== "function") {
        return Effect.fail(new StageKindBroken({ file, problem: "has no default export made by Stage.make" }))
      }
      if (kind.name !== name) {
        return Effect.fail(
          new StageKindBroken({ file, problem: `names its kind "${kind.name}"; the file's name says "${name}"` })
        )
      }
      return Effect.succeed(kind)
    })
  )

export const loadStageKinds = (
  files: StageFiles
): Effect.Effect<Readonly<Record<string, StageKind>>, StageKindBroken> =>
  Effect.forEach(
    Object.entries(files),
    ([name, file]) => Effect.map(loadStageKind(file), (kind) => [name, kind] as const),
    {
      concurrency: "unbounded"
    }
  ).pipe(Effect.map((entries) => Object.fromEntries(entries)))
