/** A document as token ids, in pieces: one that is long is never in memory as a whole. */
export interface TokenDocument {
  /** Number of its file, and its line or row there (0: the file is one document). */
  readonly file: number
  readonly row: number
  readonly parts: Iterable<Int32Array> | AsyncIterable<Int32Array>
}
