/** The committed SAEs of other libraries, by `format/name`. */
import { readdirSync } from "node:fs"
import { join, relative } from "node:path"
import * as Effect from "effect/Effect"
import { readAnySae } from "../../../../src/kinds/sae/formats.ts"
import { innermostFolder } from "../../../golden/innermost-folder.ts"
import { directoryFolder } from "../../../artifact/directory-folder.ts"

export const smallSaesRoot = join(import.meta.dirname, "../../../fixtures/saes")

const foldersOf = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)

export const smallSaeNames = foldersOf(smallSaesRoot).flatMap((format) =>
  foldersOf(join(smallSaesRoot, format)).map((name) => `${format}/${name}`)
)

export const smallSaeFolder = (name: string) => {
  const directory = innermostFolder(join(smallSaesRoot, name))
  const own = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== "expected.safetensors" && entry.name !== "info.json")
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
  return directoryFolder(directory, own)
}

export const readSmallSae = (name: string) => Effect.scoped(readAnySae(smallSaeFolder(name)))
