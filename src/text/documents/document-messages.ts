/** What the process that reads outside files is asked, and what it asks and answers. One question is open at a time. */
import type { SourceDocument } from "./document-file.ts"

/** Formats that a library decodes. */
export type LibraryFormat = "parquet" | "arrow"

export type ToReader =
  | {
      readonly type: "count" | "read"
      readonly format: LibraryFormat
      readonly name: string
      readonly field: string | null
      /** Bytes of the file. */
      readonly size: number
    }
  /** After "read": further documents. */
  | { readonly type: "more" }
  | { readonly type: "bytes"; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: "chosen"; readonly indices: ReadonlyArray<number> }

export type FromReader =
  /** Said once, before anything is asked. */
  | { readonly type: "ready" }
  | { readonly type: "want-bytes"; readonly offset: number; readonly length: number }
  | { readonly type: "choose"; readonly start: number; readonly end: number }
  | { readonly type: "counted"; readonly count: number }
  | { readonly type: "documents"; readonly documents: ReadonlyArray<SourceDocument>; readonly done: boolean }
  /** A `DocumentProblem`. */
  | { readonly type: "problem"; readonly message: string; readonly remedy: string }
