import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"
import { entryModule, namesThisPackage } from "../project/entry-module.ts"
import { codeDirectory } from "../project/package-directory.ts"

const ours = ["src", "stages"].map((folder) => pathToFileURL(`${codeDirectory}/${folder}/`).href)

const isProjects = (importer: string | undefined): boolean =>
  importer?.startsWith("file:") === true &&
  !importer.includes("/node_modules/") &&
  !ours.some((folder) => importer.startsWith(folder))

let resolved = false

/**
 * From now on, what a project's modules import from this package and from Effect are the copies that run them, whatever the
 * project's own `node_modules` holds: two copies of Effect in one process do not know each other's errors and services.
 */
export const resolveOwnImports = (): void => {
  if (resolved) return
  resolved = true
  registerHooks({
    resolve: (specifier, context, next) => {
      if (!isProjects(context.parentURL)) return next(specifier, context)
      if (specifier === "effect" || specifier.startsWith("effect/")) {
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
      const path = namesThisPackage(specifier) ? entryModule(specifier) : undefined
      return path === undefined ? next(specifier, context) : next(pathToFileURL(path).href, context)
    }
  })
}
