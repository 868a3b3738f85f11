/**
 * Artifact kinds by name, for stages whose output kind is a parameter: the kind `LanguageModel` is what
 * `src/artifact/language-model.ts` exports under that name. The executor knows none of them.
 */
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import type { ArtifactKind } from "../artifact/artifact-kind.ts"
import { stageFailed } from "../stage/stage-failed.ts"
import type { StageFailed } from "../stage/stage-failed.ts"

const fileOf = (name: string): URL =>
  new URL(`../artifact/${name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "-").toLowerCase()}.ts`, import.meta.url)

const isKind = (value: unknown, name: string): value is ArtifactKind =>
  typeof value === "object" && value !== null && "name" in value && value.name === name && "open" in value

export const artifactKindNamed = (name: string): Effect.Effect<ArtifactKind, StageFailed> => {
  const url = fileOf(name)
  const unknown = stageFailed(`there is no artifact kind "${name}"`, "`output:` takes Files, or the kind of a stage")
  if (!/^[A-Z]\w*$/.test(name) || !existsSync(fileURLToPath(url))) return Effect.fail(unknown)
  return Effect.promise(() => import(url.href) as Promise<Readonly<Record<string, unknown>>>).pipe(
    Effect.flatMap((module) => {
      const kind = module[name]
      return isKind(kind, name) ? Effect.succeed(kind) : Effect.fail(unknown)
    })
  )
}
