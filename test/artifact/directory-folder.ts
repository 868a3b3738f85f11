/** A plain directory as the folder of an SAE, for tests. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import type { SaeFolder } from "../../src/kinds/sae/files/sae-folder.ts"

export const filesFolder = (files: ReadonlyMap<string, Uint8Array>): SaeFolder => ({
  digest: "",
  names: [...files.keys()],
  open: (name) => Effect.succeed(bytesFile(files.get(name) as Uint8Array, name))
})

export const directoryFolder = (directory: string, names: ReadonlyArray<string>): SaeFolder => ({
  ...filesFolder(new Map(names.map((name) => [name, new Uint8Array(readFileSync(join(directory, name)))]))),
  place: directory
})
