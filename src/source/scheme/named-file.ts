/** A file on this machine that is part of a source. */
export interface NamedFile {
  /** Relative, with forward slashes: part of the digest. */
  readonly name: string
  readonly path: string
}
