/** What every kind of text file is to the loader: a number of documents, read one after another. */

export type DocumentContent =
  /** A text too long to be in memory comes in pieces, which are one text when they are put together. */
  | { readonly type: "text"; readonly text: string | AsyncIterable<string> }
  /** Token ids that somebody else's tokenizer made. */
  | { readonly type: "ids"; readonly ids: ArrayLike<number> }
  /** Names of symbols that a vocabulary lists: moves of a game, words. */
  | { readonly type: "symbols"; readonly symbols: ReadonlyArray<string> }
  /** A conversation, which a chat template makes a text of. */
  | { readonly type: "messages"; readonly messages: ReadonlyArray<Readonly<Record<string, unknown>>> }

export interface SourceDocument {
  /** Number in its file, from 0, empty ones counted. */
  readonly index: number
  /** Line or row in the file, from 1; 0 where the file is one document. */
  readonly row: number
  readonly content: DocumentContent
}

/** Those numbers from `start` to before `end` whose documents are wanted. */
export type Choose = (start: number, end: number) => Promise<ReadonlyArray<number>>

/** A file of a format that holds its documents in pieces: which are wanted is asked before a piece is decoded. */
export interface PieceFile {
  readonly count: () => Promise<number>
  readonly read: (choose: Choose) => AsyncGenerator<SourceDocument, void, undefined>
}

export interface DocumentFile {
  /** Documents in the file. For JSON lines that takes a pass over it. */
  readonly count: () => Promise<number>
  /**
   * The documents, in order, for whose number (from 0) `wanted` holds; what lies between is not decoded where the format
   * allows that. Rejects with `DocumentProblem`.
   */
  readonly read: (wanted: (index: number) => boolean) => AsyncGenerator<SourceDocument, void, undefined>
}

/** Something wrong with a file of a source: `a.jsonl:12: ...`. */
export class DocumentProblem extends Error {
  readonly remedy: string

  constructor(place: string, problem: string, remedy: string) {
    super(`${place}: ${problem}`)
    this.remedy = remedy
  }

  /** One that another process has told in full. */
  static told(message: string, remedy: string): DocumentProblem {
    const problem = new DocumentProblem("", "", remedy)
    problem.message = message
    return problem
  }
}

export const placeOf = (name: string, row: number): string => (row === 0 ? name : `${name}:${row}`)
