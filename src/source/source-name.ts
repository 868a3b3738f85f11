/** What an artifact may say of where it came from: nothing that its key does not hold, so no path. */
import type { ResolvedSource } from "../stage/source.ts"
import { pinnedHubName } from "./hub/hub-name.ts"

/**
 * `builtin:speller-text`; `file:corpus.txt` whatever its folder, or for a folder `file:` and its digest;
 * `hf:org/name@<commit>` and `pypi:name==<version>`, whatever name they were found under.
 */
export const sourceName = ({ uri, digest, pin, files }: ResolvedSource): string => {
  if (uri.startsWith("builtin:")) return uri
  if (uri.startsWith("hf:") && pin !== undefined) return pinnedHubName(uri, pin)
  if (uri.startsWith("pypi:") && pin !== undefined) return uri.replace(/(==[^/]+)?(?=\/|$)/, `==${pin}`)
  const [file] = files
  return `file:${files.length === 1 && file !== undefined ? file.name : digest.slice(0, 16)}`
}
