import { registerHooks } from "node:module"
import { fileURLToPath, pathToFileURL } from "node:url"
import { entryModule, entryModules, namesThisPackage } from "../project/entry-module.ts"
import { codeDirectory } from "../project/package-directory.ts"
import { type Bundle, currentBundle, type Namespace } from "../start/bundle.ts"

const ours = ["src", "stages"].map((folder) => pathToFileURL(`${codeDirectory}/${folder}/`).href)

const isProjects = (importer: string | undefined): boolean =>
  importer?.startsWith("file:") === true &&
  !importer.includes("/node_modules/") &&
  !ours.some((folder) => importer.startsWith(folder))

const BUNDLED = "?bundled"

/** Modules of this package that projects may import, once evaluated. */
const entries = new Map<string, Namespace>()

const bundledNamespace = (bundle: Bundle, path: string): Namespace | undefined =>
  entries.get(path) ?? bundle.packages[path]?.()

/** An ES module with the exports of one in the bundle: `catch` and `default` are names of exports, too. */
const sourceOf = (path: string, namespace: Namespace): string =>
  [
    `const module = globalThis[Symbol.for("sae-pipeline.bundled")](${JSON.stringify(path)})`,
    ...Object.keys(namespace).map(
      (name, i) => `const v${i} = module[${JSON.stringify(name)}]; export { v${i} as ${name} }`
    )
  ].join("\n")

/** From now on a module that is in the bundle is the one there, whoever imports it. */
const resolveFromBundle = (bundle: Bundle): void => {
  const find = (path: string): Namespace | undefined => bundledNamespace(bundle, path)
  Object.assign(globalThis, { [Symbol.for("sae-pipeline.bundled")]: find })
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context)
      const known =
        found.url.startsWith("file:") &&
        (fileURLToPath(found.url) in bundle.packages || entries.has(fileURLToPath(found.url)))
      return known ? { url: found.url + BUNDLED, format: "module", shortCircuit: true } : found
    },
    load: (url, context, next) => {
      if (!url.endsWith(BUNDLED)) return next(url, context)
      const path = fileURLToPath(url.slice(0, -BUNDLED.length))
      return { format: "module", source: sourceOf(path, find(path) as Namespace), shortCircuit: true }
    }
  })
}

const prepare = async (): Promise<void> => {
  const bundle = currentBundle()
  if (bundle !== undefined) {
    const paths = entryModules.map((name) => entryModule(name) as string)
    for (const path of paths) entries.set(path, await (bundle.modules[path] as () => Promise<Namespace>)())
    resolveFromBundle(bundle)
  }
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

let prepared: Promise<void> | undefined

/**
 * From now on, what a project's modules import from this package and from Effect are the copies that run them, whatever the
 * project's own `node_modules` holds: two copies of Effect in one process do not know each other's errors and services.
 *
 * @param file the module that is about to be imported; of one that is in the bundle there is nothing to resolve
 */
export const resolveOwnImports = (file: string): Promise<void> => {
  const bundle = currentBundle()
  if (bundle !== undefined && file in bundle.modules) return Promise.resolve()
  prepared ??= prepare()
  return prepared
}
