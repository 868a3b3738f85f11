/**
 * The file list of an artifact: canonical JSON, kept as a blob whose sha256 is the artifact's digest. It holds no time,
 * host or path outside, so equal files are equal digests.
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { canonicalJson } from "../../json/canonical-json.ts"
import { CHUNK_BYTES } from "../../file/hash-file.ts"
import type { ArtifactFile } from "../../artifact/artifact.ts"

/** A path that leads out of the artifact is refused: lists may come from elsewhere. */
const isRelative = (path: string): boolean =>
  path !== "" && !path.split("/").some((part) => part === "" || part === "." || part === "..")

const Sha256 = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

interface Sized {
  readonly size: number
  readonly chunks?: ReadonlyArray<string>
}

/** As `hashFile` gives them: whoever asks for a chunk finds its digest. */
const hasItsChunks = ({ size, chunks }: Sized): boolean =>
  size >= 0 && (chunks === undefined ? size <= CHUNK_BYTES : chunks.length === Math.ceil(size / CHUNK_BYTES))

const Tree = Schema.Struct({
  format: Schema.Literal(1),
  /** By path. */
  files: Schema.Array(
    Schema.Struct({
      path: Schema.String.check(Schema.makeFilter(isRelative)),
      size: Schema.Int,
      sha256: Sha256,
      chunks: Schema.optionalKey(Schema.Array(Sha256))
    }).check(Schema.makeFilter(hasItsChunks))
  )
})
export type Tree = typeof Tree.Type

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Tree))

const byPath = (a: ArtifactFile, b: ArtifactFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

export const encodeTree = (files: ReadonlyArray<ArtifactFile>): string =>
  canonicalJson({ format: 1, files: files.toSorted(byPath) } satisfies Tree)

/** For bytes that have been checked against their digest; undefined where they are no file list. */
export const decodeTree = (bytes: Uint8Array): Tree | undefined => {
  // A file list starts with its first key: large blobs are told apart without parsing them.
  if (bytes[0] !== 0x7b) return undefined
  const text = new TextDecoder().decode(bytes)
  if (!text.startsWith(`{"files":[`) || !text.endsWith(`],"format":1}`)) return undefined
  return Option.getOrUndefined(decode(text))
}

const Paths = Schema.fromJsonString(Schema.Struct({ files: Schema.Array(Schema.Struct({ path: Schema.String })) }))
const decodePaths = Schema.decodeUnknownOption(Paths)

/** Why bytes are no file list, where `decodeTree` says that they are none. */
export const treeProblem = (bytes: Uint8Array): string => {
  const listed = Option.getOrUndefined(decodePaths(new TextDecoder().decode(bytes)))
  const outside = listed?.files.find(({ path }) => !isRelative(path))
  return outside === undefined
    ? "it is not the list of an artifact's files"
    : `it lists ${JSON.stringify(outside.path)}, which is not a path below the artifact`
}
