/** Columns of `tokens.arrow`: one row a context. */
export const tokensColumns = (contextSize: number) =>
  ({
    ids: { type: "i32", list: contextSize },
    documents: { type: "i32", list: contextSize }
  }) as const

/** Contexts in a record batch: about 512 KiB, so that a reader of a few contexts reads little. */
export const tokensBatchContexts = (contextSize: number): number => Math.max(1, Math.floor(65_536 / contextSize))

/** Columns of `documents.arrow`: one row a document. */
export const documentsColumns = { file: { type: "i32" }, row: { type: "i32" } } as const

/** Documents in a record batch of it. */
export const documentsBatch = 65_536
