/** A source that is files on this machine: their digests, and a digest of all of them with their names. */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { sha256OfFile } from "../../file/hash-content.ts"
import { canonicalJson, type Json } from "../../json/canonical-json.ts"
import type { ResolvedSource } from "../../stage/source.ts"
import type { NamedFile } from "./named-file.ts"
import { SourceMissing } from "./source-missing.ts"
import type { SchemeRequest } from "./source-scheme.ts"

const digestsOf = ({ uri, index }: SchemeRequest, files: ReadonlyArray<NamedFile>) =>
  Effect.tryPromise({
    try: () =>
      Promise.all(
        files.map(async ({ name, path }) => {
          const value = () => sha256OfFile(path).then((sha256) => ({ value: sha256, files: [path] }))
          return { name, path, sha256: await index.get(`sha256 ${path}`, Schema.String, value) }
        })
      ),
    catch: (cause) =>
      new SourceMissing({
        uri,
        problem: `cannot be read: ${String(cause)}`,
        remedy: "check that the file exists and its permissions"
      })
  })

/** A file by its name, a folder by its digest: what an artifact may say of a path. */
export const pathlessName = (files: ReadonlyArray<NamedFile>, digest: string): string => {
  const [file] = files
  return `file:${files.length === 1 && file !== undefined ? file.name : digest.slice(0, 16)}`
}

/**
 * Names count: `.jsonl` is read otherwise than `.txt`. Where the files lie does not.
 *
 * @param from what else is in the digest
 * @param nameOf what an artifact may say of the source, see `ResolvedSource.name`
 */
export const filesSource = Effect.fnUntraced(function* (
  request: SchemeRequest,
  named: ReadonlyArray<NamedFile>,
  from: Readonly<Record<string, Json>>,
  nameOf: (digest: string) => string
) {
  const files = yield* digestsOf(request, named)
  const digest = createHash("sha256")
    .update(canonicalJson({ ...from, files: files.map(({ name, sha256 }) => [name, sha256]) }))
    .digest("hex")
  const source: ResolvedSource = { uri: request.uri, name: nameOf(digest), digest, files }
  return source
})
