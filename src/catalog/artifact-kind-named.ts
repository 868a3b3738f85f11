/**
 * Artifact kinds by name, for stages whose output kind is a parameter: the kind `LanguageModel` is what
 * `src/kinds/language-model.ts` or `src/kinds/language-model/language-model.ts` exports under that name.
 */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type { ArtifactKind } from "../artifact/artifact-kind.ts"
import { codeEnding } from "../project/code-ending.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { StageFailed } from "../stage/stage-failed.ts"

const filesOf = (name: string): ReadonlyArray<URL> => {
  const file = name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase()
  return [file, `${file}/${file}`].map((path) => new URL(`../kinds/${path}${codeEnding}`, import.meta.url))
}

const isKind = (value: unknown, name: string): value is ArtifactKind =>
  typeof value === "object" && value !== null && "name" in value && value.name === name && "open" in value

export const artifactKindNamed = (name: string): Effect.Effect<ArtifactKind, StageFailed> => {
  const unknown = stageFailed(`there is no artifact kind "${name}"`, "`output:` takes Files, or the kind of a stage")
  const url = /^[A-Z]\w*$/.test(name) ? filesOf(name).find((file) => existsSync(fileURLToPath(file))) : undefined
  if (url === undefined) return Effect.fail(unknown)
  return Effect.promise(() => import(url.href) as Promise<Readonly<Record<string, unknown>>>).pipe(
    Effect.flatMap((module) => {
      const kind = module[name]
      return isKind(kind, name) ? Effect.succeed(kind) : Effect.fail(unknown)
    })
  )
}
