/**
 * Where npm put the package that carries the binding's source and its JavaScript half. It is an optional dependency, so
 * npm may have left it out; its own install script (a download from one fixed host) is never run.
 */
import { createRequire } from "node:module"
import { dirname } from "node:path"
import { BINDING_PACKAGE, BINDING_VERSION } from "./tensorflow-recipe.ts"

export const nodeRequire = createRequire(import.meta.url)

const resolveOrUndefined = (specifier: string): string | undefined => {
  try {
    return nodeRequire.resolve(specifier)
  } catch {
    return undefined
  }
}

/** The package's folder, undefined where it is not installed in the version that the recipe is written for. */
export const bindingPackageFolder = (): string | undefined => {
  const manifest = resolveOrUndefined(`${BINDING_PACKAGE}/package.json`)
  if (manifest === undefined) return undefined
  const { version } = nodeRequire(manifest) as { readonly version: string }
  return version === BINDING_VERSION ? dirname(manifest) : undefined
}

/** The folder of the npm package of Node's own native headers, where it is installed. */
export const headerPackageFolder = (): string | undefined => {
  const manifest = resolveOrUndefined("node-api-headers/package.json")
  return manifest === undefined ? undefined : dirname(manifest)
}
