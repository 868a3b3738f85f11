/**
 * A column of a Parquet file, row group by row group; of a row group with an offset index only the pages that hold
 * documents which are asked for. What is in memory is one such piece of one column.
 */
import { type FileMetaData, parquetMetadataAsync, parquetScan, parquetSchema, type SchemaTree } from "hyparquet"
import { compressors } from "hyparquet-compressors"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { StageFailed } from "../../stage/stage-failed.ts"
import { DocumentProblem, type PieceFile } from "./document-file.ts"
import { type FieldPath, findField, followPath } from "./field-path.ts"
import { libraryWords } from "./library-words.ts"
import { rowContent } from "./row-content.ts"
import { utf8Text } from "./utf8.ts"

/** Rows decoded together where the file's pages can be found one by one. */
const pieceRows = 1024

/** Decoded, a column of this size takes a few GiB; writers make row groups of at most some 100 MiB. */
const mostColumnBytes = 1024 ** 3

const sliceable = (file: VerifiedFile) => ({
  byteLength: file.size,
  slice: async (start: number, end = file.size) => {
    const from = start < 0 ? Math.max(0, file.size + start) : start
    return (await file.read(from, Math.min(end, file.size) - from)).buffer
  }
})

/** Text must be UTF-8: the library's own parser would put signs for what is not. */
const parsers = {
  stringFromBytes: (bytes: Uint8Array) => {
    if (bytes === undefined || bytes === null) return bytes
    const text = utf8Text(bytes)
    if (text === undefined) throw new Error("a text is no UTF-8")
    return text
  }
}

/** The type at the end of a path, where it is none of text and ids; structures are looked at value by value. */
const strangeType = (tree: SchemaTree, rest: ReadonlyArray<string>): string | undefined => {
  let at: SchemaTree | undefined = tree
  for (const name of rest) at = at?.children.find(({ element }) => element.name === name)
  while (at !== undefined && at.children.length === 1) at = at.children[0]
  if (at === undefined || at.children.length > 0) return undefined
  const { type, converted_type: converted, logical_type: logical } = at.element
  const special = converted ?? logical?.type
  const plain = special === undefined || /^(UTF8|STRING|ENUM|JSON|U?INT_\d+|INTEGER|LIST)$/.test(special)
  return plain && type !== undefined && /^(INT32|INT64|BYTE_ARRAY)$/.test(type) ? undefined : String(special ?? type)
}

/** As many as its row groups have. */
const rowsOf = (metadata: FileMetaData, name: string): number => {
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows))
  const rows = groups.reduce((sum, n) => sum + n, 0)
  if (groups.every((n) => Number.isSafeInteger(n) && n >= 0) && rows === Number(metadata.num_rows)) return rows
  throw new DocumentProblem(
    name,
    "the number of its rows is not that of its row groups",
    "Give the whole file, as it was written."
  )
}

interface Piece {
  readonly start: number
  readonly end: number
}

/** Row ranges that are decoded in one piece. */
const piecesOf = function* (metadata: FileMetaData, column: string, name: string): Generator<Piece, void, undefined> {
  let start = 0
  for (const [g, group] of metadata.row_groups.entries()) {
    const end = start + Number(group.num_rows)
    const chunks = group.columns.filter(({ meta_data }) => meta_data?.path_in_schema[0] === column)
    const indexed = chunks.every(({ offset_index_offset }) => offset_index_offset !== undefined)
    const bytes = chunks.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0)
    if (!indexed && bytes > mostColumnBytes) {
      const gib = (bytes / 1024 ** 3).toFixed(1)
      throw new DocumentProblem(
        name,
        `row group ${g} holds ${gib} GiB of column ${column} in one piece`,
        "Write the file again with smaller row groups."
      )
    }
    const step = indexed ? pieceRows : Math.max(1, end - start)
    for (let at = start; at < end; at += step) yield { start: at, end: Math.min(end, at + step) }
    start = end
  }
}

/** @param field null: the first of the usual ones that the file has as a column */
export const parquetFile = (file: VerifiedFile, name: string, field: string | null): PieceFile => {
  const buffer = sliceable(file)
  const damaged = (error: unknown): never => {
    if (error instanceof StageFailed || error instanceof DocumentProblem) throw error
    throw new DocumentProblem(
      name,
      `cannot be read as Parquet: ${libraryWords(error)}`,
      "Give the whole file, as it was written."
    )
  }
  const metadata = (): Promise<FileMetaData> => parquetMetadataAsync(buffer).catch(damaged)
  const fieldOf = (read: FileMetaData): FieldPath => {
    const tree = parquetSchema(read)
    const columns = tree.children.map(({ element }) => element.name)
    const path = findField(field, columns, name, (wanted) => `there is no column ${wanted}`)
    const found = tree.children.find(({ element }) => element.name === path.column)
    const type = found === undefined ? undefined : strangeType(found, path.rest)
    if (type === undefined) return path
    throw new DocumentProblem(
      name,
      `column ${[path.column, ...path.rest].join(".")} is of ${type}, which is no text and no token ids`,
      "Name a column of text, or of integers or text in lists, with text_field."
    )
  }
  return {
    count: async () => rowsOf(await metadata(), name),
    read: async function* (choose) {
      const read = await metadata()
      const { column, rest } = fieldOf(read)
      for (const { start, end } of piecesOf(read, column, name)) {
        const indices = await choose(start, end)
        if (indices.length === 0) continue
        // A scan keeps what it read last; a fresh one for each piece lets go of it.
        const options = { file: buffer, metadata: read, columns: [column], compressors, parsers }
        const values = await parquetScan(options)
          .then((scan) => scan.readColumn({ column, rowStart: start, rowEnd: end }))
          .catch(damaged)
        if (values.length !== end - start) damaged(`rows ${start} to ${end} are ${values.length}`)
        for (const index of indices) {
          const place = `${name}:${index + 1}`
          const content = rowContent(followPath(values[index - start], rest, place), place)
          if (content !== undefined) yield { index, row: index + 1, content }
        }
      }
    }
  }
}
