/**
 * Artifact kinds by name, for stages whose output kind is a parameter.
 *
 * Ours: `LanguageModel` is what `src/kinds/language-model.ts` or `src/kinds/language-model/language-model.ts` exports under
 * that name. A project's: one file each in its folder `kinds/`, which exports the kind, by default or under any name.
 */
import { existsSync, readdirSync } from "node:fs"
import { basename, join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { loadFailure } from "./load-failure.ts"
import type { ArtifactKind } from "../artifact/artifact-kind.ts"
import { codeEnding } from "../project/code-ending.ts"
import { codeDirectory } from "../project/package-directory.ts"
import { suggestOrList } from "../words/did-you-mean.ts"
import { resolveOwnImports } from "./own-imports.ts"

export class ArtifactKindBroken extends Data.TaggedError("ArtifactKindBroken")<{
  readonly file: string
  readonly problem: string
}> {
  override get message(): string {
    return `${this.file}: ${this.problem}`
  }
}

const ours = join(codeDirectory, "src", "kinds")

/** `language-model` -> `LanguageModel` */
const kindName = (file: string): string =>
  file.replaceAll(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())

let ourFilesOnce: ReadonlyMap<string, string> | undefined

/** Name -> module. A worker asks for each of its jobs. */
const ourFiles = (): ReadonlyMap<string, string> => (ourFilesOnce ??= findOurFiles())

const findOurFiles = (): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(ours, { withFileTypes: true }).flatMap((entry) => {
      const name = entry.isDirectory() ? entry.name : basename(entry.name, codeEnding)
      const file = join(ours, entry.isDirectory() ? name : "", `${name}${codeEnding}`)
      return /^[a-z-]+$/.test(name) && existsSync(file) ? [[kindName(name), file] as const] : []
    })
  )

const isKind = (value: unknown): value is ArtifactKind =>
  typeof value === "object" &&
  value !== null &&
  "name" in value &&
  typeof value.name === "string" &&
  "version" in value &&
  typeof value.version === "number" &&
  "open" in value &&
  typeof value.open === "function"

/** By file, as Node keeps modules: hundreds of stages name the same kind. */
const loaded = new Map<string, ReadonlyArray<ArtifactKind>>()

const kindsIn = (file: string): Effect.Effect<ReadonlyArray<ArtifactKind>, ArtifactKindBroken> =>
  Effect.suspend(() => {
    const known = loaded.get(file)
    return known === undefined ? loadKinds(file) : Effect.succeed(known)
  })

const loadKinds = (file: string): Effect.Effect<ReadonlyArray<ArtifactKind>, ArtifactKindBroken> =>
  Effect.tryPromise({
    try: async () => {
      await resolveOwnImports(file)
      const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>
      const kinds = [...new Set(Object.values(module).filter(isKind))]
      loaded.set(file, kinds)
      return kinds
    },
    catch: (cause) => new ArtifactKindBroken({ file, problem: loadFailure(cause) })
  })

const projectKinds = Effect.fnUntraced(function* (projectDirectory: string) {
  const directory = join(projectDirectory, "kinds")
  const names = existsSync(directory)
    ? readdirSync(directory).filter((name) => /(?<!\.d)\.(ts|mjs|js)$/.test(name))
    : []
  const found = new Map<string, ArtifactKind>()
  const known = ourFiles()
  for (const file of names.toSorted().map((name) => join(directory, name))) {
    const [kind, other] = yield* kindsIn(file)
    const problem =
      kind === undefined
        ? "exports no artifact kind made by makeKind"
        : other !== undefined
          ? `exports two artifact kinds, ${kind.name} and ${other.name}: one a file`
          : known.has(kind.name) || found.has(kind.name)
            ? `there is an artifact kind ${kind.name} already: give this one another name`
            : undefined
    if (problem !== undefined) return yield* new ArtifactKindBroken({ file, problem })
    if (kind !== undefined) found.set(kind.name, kind)
  }
  return found
})

export interface ArtifactKinds {
  readonly names: ReadonlyArray<string>
  readonly load: (name: string) => Effect.Effect<ArtifactKind, ArtifactKindBroken>
}

/** Ours, and those of a project. */
export const artifactKinds = Effect.fn("artifactKinds")(function* (projectDirectory: string) {
  const known = ourFiles()
  const own = yield* projectKinds(projectDirectory)
  const names = [...known.keys(), ...own.keys()].toSorted()
  const load = Effect.fnUntraced(function* (name: string) {
    const file = known.get(name)
    const kind = file === undefined ? own.get(name) : (yield* kindsIn(file)).find((each) => each.name === name)
    if (kind !== undefined) return kind
    const problem = `there is no artifact kind "${name}"${suggestOrList(name, names)}`
    return yield* new ArtifactKindBroken({ file: file ?? join(projectDirectory, "kinds"), problem })
  })
  const result: ArtifactKinds = { names, load }
  return result
})
