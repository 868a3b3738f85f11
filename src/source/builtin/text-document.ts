/** A named piece of running text: what text sources give and what the loader tokenizes. */
export interface TextDocument {
  /** Unique within its source: `sotu/1790_george_washington_n.txt`. */
  readonly name: string
  readonly text: string
}
