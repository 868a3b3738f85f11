/**
 * Resolves a source to a content digest at plan time, so that an edited text file or an exchanged model is never a
 * stale hit: the digest, not the path, is in the key.
 */
import * as Effect from "effect/Effect"
import type { FileIndex } from "../file/file-index.ts"
import { sourceSchemes } from "../project/source-schemes.ts"
import type { SourceOf } from "../stage/source.ts"
import { loadScheme } from "./load-scheme.ts"
import { SourceMissing } from "./scheme/source-missing.ts"

export { SourceMissing } from "./scheme/source-missing.ts"

/** A program that tells what takes long says it here, a line at a time. */
export type Say = (line: string) => void

/**
 * @param baseDirectory folder that a relative path starts from: that of the YAML file which names it
 * @param index remembers digests of files that have not changed
 * @param pin what a moving name is taken as: a commit, a version
 * @param say told of downloads, licences, and of a hub that cannot be reached
 */
export const resolveSource = Effect.fn("resolveSource")(function* (
  uri: string,
  of: SourceOf,
  baseDirectory: string,
  index: FileIndex,
  say: Say = () => {},
  pin?: string
) {
  const name = sourceSchemes.find((scheme) => uri.startsWith(`${scheme}:`))
  if (name === undefined) {
    return yield* new SourceMissing({
      uri,
      problem: "it names no kind of source that is known",
      remedy: `write ${sourceSchemes.map((scheme) => `${scheme}:...`).join(", ")}`
    })
  }
  const scheme = yield* loadScheme(name)
  const pinned = pin === undefined ? uri : (scheme.pinned?.(uri, pin) ?? uri)
  const source = yield* scheme.resolve({ uri: pinned, of, baseDirectory, index, say })
  return { ...source, uri }
})
