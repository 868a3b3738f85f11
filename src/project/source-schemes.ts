/** The schemes that sources can have: `file` in `file:corpus.txt`. Each is a file in `src/source/schemes/`, found by its name. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { codeEnding } from "./code-ending.ts"
import { codeDirectory } from "./package-directory.ts"

const folder = join(codeDirectory, "src", "source", "schemes")

export const schemeFile = (scheme: string): string => join(folder, `${scheme}${codeEnding}`)

export const sourceSchemes: ReadonlyArray<string> = readdirSync(folder)
  .filter((name) => name.endsWith(codeEnding) && !name.endsWith(".d.ts"))
  .map((name) => name.slice(0, -codeEnding.length))
  .toSorted()
