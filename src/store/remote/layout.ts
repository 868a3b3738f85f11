/** Where things are in a remote store. The layout is a format: another one has another number in front. */
import { CHUNK_BYTES, type FileDigest } from "../../file/hash-file.ts"

const VERSION = "v1"
const fanned = (folder: string, name: string): string => `${VERSION}/${folder}/${name.slice(0, 2)}/${name}`

/** Whole chunks: each is checked by the digests that the file list has anyway. 16 MiB are one request of a second or so. */
const PART_BYTES = 4 * CHUNK_BYTES

/** A blob is kept in parts, each written once: a transfer that was cut goes on with those that are missing. */
export interface Part {
  readonly name: string
  readonly offset: number
  readonly size: number
  /** sha256 of its chunks; of all of it where the blob is not above one chunk. */
  readonly digests: ReadonlyArray<string>
}

const partName = (sha256: string, index: number): string => `${fanned("objects", sha256)}.${index}`

export const partsOf = ({ sha256, size, chunks = [sha256] }: FileDigest): ReadonlyArray<Part> =>
  Array.from({ length: Math.max(1, Math.ceil(size / PART_BYTES)) }, (_, index) => {
    const offset = index * PART_BYTES
    return {
      name: partName(sha256, index),
      offset,
      size: Math.min(PART_BYTES, size - offset),
      digests: chunks.slice(offset / CHUNK_BYTES, (offset + PART_BYTES) / CHUNK_BYTES)
    }
  })

/** All parts of a blob begin so. */
export const partsPrefix = (sha256: string): string => `${fanned("objects", sha256)}.`

/** The list of an artifact's files: one part, whatever its size. It is written last: where it is, the rest was too. */
export const fileListName = (digest: string): string => partName(digest, 0)

export const actionsPrefix = `${VERSION}/actions/`
export const actionPrefix = (key: string): string => `${fanned("actions", key)}/`
export const leasePrefix = (key: string): string => `${fanned("leases", key)}/`
export const quarantineName = (name: string, unique: string): string =>
  `${VERSION}/quarantine/${name.slice(VERSION.length + 1).replaceAll("/", "-")}.${unique}`
