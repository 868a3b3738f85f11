/**
 * The file list of an artifact: canonical JSON, kept as a blob whose sha256 is the artifact's digest. It holds no time,
 * host or path outside, so equal files are equal digests.
 */
import { canonicalJson } from "../../json/canonical-json.ts"
import type { ArtifactFile } from "../../artifact/artifact.ts"

export interface Tree {
  readonly format: 1
  /** By path. */
  readonly files: ReadonlyArray<ArtifactFile>
}

const byPath = (a: ArtifactFile, b: ArtifactFile): number => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)

export const encodeTree = (files: ReadonlyArray<ArtifactFile>): string =>
  canonicalJson({ format: 1, files: files.toSorted(byPath) } satisfies Tree)

/** A path that leads out of the artifact is refused: lists may come from elsewhere. */
const isRelative = (path: unknown): boolean =>
  typeof path === "string" &&
  path !== "" &&
  !path.split("/").some((part) => part === "" || part === "." || part === "..")

const isArtifactFile = (file: ArtifactFile): boolean => isRelative(file.path) && /^[0-9a-f]{64}$/.test(file.sha256)

/** For bytes that have been checked against their digest; undefined where they are no file list. */
export const decodeTree = (bytes: Uint8Array): Tree | undefined => {
  // A file list starts with its first key: large blobs are told apart without parsing them.
  if (bytes[0] !== 0x7b) return undefined
  const text = new TextDecoder().decode(bytes)
  if (!text.startsWith(`{"files":[`) || !text.endsWith(`],"format":1}`)) return undefined
  try {
    const value = JSON.parse(text) as Tree
    return value.files.every(isArtifactFile) ? value : undefined
  } catch {
    return undefined
  }
}
