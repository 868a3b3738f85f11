/**
 * Files that an SAE of some library may be in, whatever holds them: a folder on disk, a source whose digest is in a key,
 * an artifact. Readers of formats see nothing else.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Artifact, VerifiedFile } from "../../../artifact/artifact.ts"
import { noJson, parseJson } from "../../../json/json-text.ts"
import { ArtifactError } from "../../../artifact/artifact-error.ts"

export interface SaeFolder {
  /** Digest of what it is part of, or "": for messages. */
  readonly digest: string
  /**
   * Where it stands, with forward slashes: some publishers say in names of folders and repositories what no file says.
   * Absent where the place is not part of what was asked for.
   */
  readonly place?: string
  /** Relative names, with forward slashes. */
  readonly names: ReadonlyArray<string>
  readonly open: (name: string) => Effect.Effect<VerifiedFile, ArtifactError, Scope.Scope>
}

export const artifactFolder = (artifact: Artifact): SaeFolder => ({
  digest: artifact.digest,
  names: artifact.files.map(({ path }) => path),
  open: artifact.open
})

/** A JSON file of a configuration; 16 MiB are far beyond any, and a limit on what is parsed. */
const maxJsonBytes = 2 ** 24

const decode = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** An object, or a failure that names the file. */
export const readJsonObject = Effect.fnUntraced(function* (folder: SaeFolder, name: string) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest: folder.digest, path: name, detail })
  if (!folder.names.includes(name)) return yield* fail("there is no such file")
  const file = yield* folder.open(name)
  if (file.size > maxJsonBytes) return yield* fail(`${file.size} bytes are too many for a configuration`)
  const bytes = yield* Effect.tryPromise({
    try: () => file.read(0, file.size),
    catch: (error) => error as ArtifactError
  })
  const text = decode(bytes)
  if (text === undefined) return yield* fail("it is no UTF-8 text")
  const parsed = parseJson(text)
  if (!parsed.ok) return yield* fail(noJson(parsed.place))
  const { value } = parsed
  if (typeof value !== "object" || value === null || Array.isArray(value)) return yield* fail("it is no JSON object")
  return value as Readonly<Record<string, unknown>>
})
