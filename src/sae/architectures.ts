/**
 * The architectures that can be trained, by name: every file of `architectures/` is one. They are no part of the code of who
 * imports this module: a stage kind that trains the one that a parameter names has its file in its key, and no other.
 */
import { readdirSync } from "node:fs"
import { fileURLToPath, pathToFileURL } from "node:url"
import type { SaeArchitecture } from "./architecture.ts"

const folder = new URL("./architectures/", import.meta.url)

/** Name -> file: that of the architecture, with `-` for `_`. */
const files: ReadonlyMap<string, string> = new Map(
  readdirSync(folder)
    .filter((file) => /^[a-z][a-z0-9-]*\.(ts|js)$/.test(file))
    .toSorted()
    .map((file) => [file.replace(/\.\w+$/, "").replaceAll("-", "_"), fileURLToPath(new URL(file, folder))])
)

const load = async (name: string, file: string): Promise<SaeArchitecture> => {
  const module = (await import(pathToFileURL(file).href)) as { readonly default?: SaeArchitecture }
  if (module.default?.name === name) return module.default
  throw new Error(`${file}: its default export has to be the architecture ${name}`)
}

export const architectures: ReadonlyMap<string, SaeArchitecture> = new Map(
  await Promise.all([...files].map(async ([name, file]) => [name, await load(name, file)] as const))
)

/** The module whose code determines what the architecture gives. */
export const architectureFile = ({ name }: SaeArchitecture): string => files.get(name) as string
