/**
 * Code digests between runs. Those of this package's own stage kinds are the same in every project, so they are kept beside the
 * user's downloads: a new store need not bundle a dozen module graphs, which takes seconds, before its first plan.
 */
import { createHash } from "node:crypto"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { type FileIndex, openFileIndex } from "../file/file-index.ts"
import { codeDirectory } from "../project/package-directory.ts"
import { userCache } from "../project/user-cache.ts"
import { CodeDigest, codeDigest, type CodeUnreadable } from "./code-digest.ts"

const isOwn = (file: string): boolean =>
  ["src", "stages"].some((folder) => file.startsWith(join(codeDirectory, folder, "/")))

/** A file for each kind: runs side by side write it with the same content. */
const placeOf = (file: string): string =>
  join(userCache(), "code", `${createHash("sha256").update(file).digest("hex").slice(0, 16)}.json`)

/**
 * @param index the project's: of its own stage kinds
 * @param version entries written under another one are dropped
 * @param root as in `codeDigest`
 */
export const keptCode = (index: FileIndex, version: string, root: string) => {
  const opened = new Map<string, Promise<FileIndex>>()
  const indexOf = (file: string): Promise<FileIndex> => {
    if (!isOwn(file)) return Promise.resolve(index)
    const found = opened.get(file) ?? openFileIndex(placeOf(file), version)
    opened.set(file, found)
    return found
  }
  const digestOf = async (file: string): Promise<CodeDigest> => {
    const kept = await indexOf(file)
    const digest = await kept.get(`code ${file}`, CodeDigest, () => Effect.runPromise(codeDigest(file, root)))
    if (kept !== index) await kept.save()
    return digest
  }
  return (file: string): Effect.Effect<CodeDigest, CodeUnreadable> =>
    Effect.tryPromise({ try: () => digestOf(file), catch: (cause) => cause as CodeUnreadable })
}
