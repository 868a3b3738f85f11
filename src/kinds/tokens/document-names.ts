/** Names of documents by number. An array of strings is one, but millions of names need not be strings in memory. */
export interface DocumentNames {
  readonly length: number
  readonly at: (document: number) => string | undefined
  /** What the names are made of, where they are stored so. */
  readonly places?: DocumentPlaces
}

export interface DocumentPlaces {
  /** Names of the files. */
  readonly files: ReadonlyArray<string>
  /** [documents]: number of the file. */
  readonly file: Int32Array<ArrayBuffer>
  /** [documents]: line or row in the file, from 1; 0 where the file is the document. */
  readonly row: Int32Array<ArrayBuffer>
}

/** `a.jsonl:12`, or `a.txt`. */
export const documentNames = (places: DocumentPlaces): DocumentNames => ({
  length: places.file.length,
  at: (document) => {
    const file = places.file[document]
    if (file === undefined) return undefined
    const row = places.row[document] as number
    return row === 0 ? places.files[file] : `${places.files[file]}:${row}`
  },
  places
})
