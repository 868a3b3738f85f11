/** What an artifact may say of where it came from: nothing that its key does not hold, so no path. */
import type { ResolvedSource } from "../stage/stage.ts"

/** `builtin:speller-text`, `file:corpus.txt` whatever its folder, or for a folder `file:` and its digest. */
export const sourceName = ({ uri, digest, files }: ResolvedSource): string => {
  if (uri.startsWith("builtin:")) return uri
  const [file] = files
  return `file:${files.length === 1 && file !== undefined ? file.name : digest.slice(0, 16)}`
}
