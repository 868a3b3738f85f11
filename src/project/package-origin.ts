import { existsSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { packageDirectory } from "./package-directory.ts"
import { packageFacts } from "./package-facts.ts"

const Dependencies = Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
const Host = Schema.fromJsonString(Schema.Struct({ dependencies: Dependencies, devDependencies: Dependencies }))

/** What `package.json` of the folder that this package is installed in says of it. */
const specifierIn = (host: string, name: string): string | undefined => {
  const path = join(host, "package.json")
  if (!existsSync(path)) return undefined
  const found = Schema.decodeUnknownOption(Host)(readFileSync(path, "utf8"))
  if (Option.isNone(found)) return undefined
  return found.value.dependencies?.[name] ?? found.value.devDependencies?.[name]
}

/**
 * What another project's `package.json` has to say, to get this very package from where it came from: a checkout, a file
 * that `npm pack` made, or a registry.
 */
export const packageOrigin = (project: string): string => {
  const { name, version } = packageFacts
  const modules = dirname(packageDirectory)
  if (basename(modules) !== "node_modules") return `file:${relative(project, packageDirectory)}`
  const host = dirname(modules)
  const specifier = specifierIn(host, name)
  if (specifier?.startsWith("file:") !== true) return version
  return `file:${relative(project, resolve(host, specifier.slice("file:".length)))}`
}
