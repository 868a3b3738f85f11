/** The model of tokenizer.json: from a piece of text to ids. */
export interface Model {
  /** Appends the ids of a piece to `out`. @throws TokenizerProblem where the piece has none */
  readonly encode: (piece: string, out: Array<number>) => void
  readonly id: (token: string) => number | undefined
  readonly token: (id: number) => string | undefined
  /** Number of entries: the id of the first added token that is not among them. */
  readonly size: number
  /** The largest id. */
  readonly lastId: number
}
