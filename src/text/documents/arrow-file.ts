/**
 * A column of an Arrow IPC file, or of the stream format (which Hugging Face `datasets` writes), record batch by record
 * batch. A stream must end with its end-of-stream mark: one that was cut at a batch boundary is otherwise just shorter.
 */
import * as arrow from "apache-arrow"
import type { RecordBatch } from "apache-arrow/ipc/metadata/message"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { flatbufferProblem } from "../../format/arrow/check-flatbuffer.ts"
import { StageFailed } from "../../stage/stage-failed.ts"
import { arrowCodecs } from "./arrow-codecs.ts"
import { arrowValue } from "./arrow-value.ts"
import { DocumentProblem, type PieceFile } from "./document-file.ts"
import { type FieldPath, findField, followPath } from "./field-path.ts"
import { libraryWords } from "./library-words.ts"
import { rowContent } from "./row-content.ts"

const magic = "ARROW1"
const firstFeather = "FEA1"
/** The magic bytes of the file format, padded. */
const headBytes = 8
/** A schema of many columns takes some 10 KiB. */
const mostMetadataBytes = 64 * 1024 ** 2

interface Message {
  readonly type: "schema" | "dictionary" | "batch"
  readonly rows: number
  readonly offset: number
  readonly bytes: number
}

const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes)

const concat = (parts: ReadonlyArray<Uint8Array>): Uint8Array => new Uint8Array(Buffer.concat(parts))

/** A packed buffer unpacks to no more than N times its bytes: zstd's own limit for one block. */
const mostPacked = 2 ** 17

/** What of a batch's header its body cannot hold. A row takes a bit at least. */
const batchProblem = ({ length, nodes, buffers, compression }: RecordBatch, bodyBytes: number): string | undefined => {
  const rows = Number(length)
  if (!Number.isSafeInteger(rows) || rows < 0) return `has ${length} rows`
  if (buffers.some((each) => Number(each.offset) < 0 || Number(each.offset) + Number(each.length) > bodyBytes)) {
    return "has a buffer that ends outside of it"
  }
  if (nodes.some((each) => Number(each.length) < 0 || Number(each.nullCount) > Number(each.length))) {
    return "has a column of a wrong length"
  }
  const held = 8 * bodyBytes * (compression === null ? 1 : mostPacked)
  // A column of nulls takes no bytes, and one batch has as many rows as writers put together.
  return rows > Math.max(held, mostNulls) ? `has ${rows} rows in ${bodyBytes} bytes` : undefined
}

/** Rows of a batch that has nothing but nulls. */
const mostNulls = 2 ** 16

const messages = async function* (
  file: VerifiedFile,
  cutOff: (detail: string) => DocumentProblem,
  damaged: (detail: string) => DocumentProblem
): AsyncGenerator<Message, void, undefined> {
  const isFile = file.size >= headBytes && text(await file.read(0, magic.length)) === magic
  if (isFile && text(await file.read(file.size - magic.length, magic.length)) !== magic) throw cutOff("it has no end")
  let at = isFile ? headBytes : 0
  for (;;) {
    if (at + 8 > file.size) throw cutOff("it ends without an end-of-stream mark")
    const view = new DataView((await file.read(at, 8)).buffer)
    // Before format version 5 (2019) the length stood there without the continuation mark.
    const head = view.getInt32(0, true) === -1 ? 8 : 4
    const metadataBytes = view.getInt32(head - 4, true)
    if (metadataBytes === 0) return
    if (metadataBytes < 0 || metadataBytes > mostMetadataBytes || at + head + metadataBytes > file.size) {
      throw cutOff("it ends within a message, or is no Arrow file")
    }
    const metadata = await file.read(at + head, metadataBytes)
    const fault = flatbufferProblem(metadata, "message")
    if (fault !== undefined) throw damaged(`the message at byte ${at}: ${fault}`)
    const message = arrow.Message.decode(metadata)
    const bodyBytes = Number(message.bodyLength)
    const bytes = head + metadataBytes + bodyBytes
    if (bodyBytes < 0 || at + bytes > file.size) throw cutOff("it ends within a record batch")
    const odd = message.isRecordBatch() ? batchProblem(message.header(), bodyBytes) : undefined
    if (odd !== undefined) throw damaged(`the record batch at byte ${at} ${odd}`)
    if (message.isSchema()) yield { type: "schema", rows: 0, offset: at, bytes }
    else if (message.isDictionaryBatch()) yield { type: "dictionary", rows: 0, offset: at, bytes }
    else if (message.isRecordBatch()) {
      yield { type: "batch", rows: Number(message.header().length), offset: at, bytes }
    }
    at += bytes
  }
}

/** @param field null: the first of the usual ones that the file has as a column */
export const arrowFile = (file: VerifiedFile, name: string, field: string | null): PieceFile => {
  const cutOff = (detail: string): DocumentProblem =>
    new DocumentProblem(name, `the Arrow file was cut off: ${detail}`, "Give the whole file, as it was written.")
  const damaged = (detail: string): DocumentProblem =>
    new DocumentProblem(name, `the Arrow file is damaged: ${detail}`, "Give the whole file, as it was written.")
  const guarded = <A>(work: () => A): A => {
    try {
      return work()
    } catch (error) {
      if (error instanceof StageFailed || error instanceof DocumentProblem) throw error
      throw new DocumentProblem(
        name,
        `cannot be read as Arrow: ${libraryWords(error)}`,
        "Give the whole file; if it is whole, write it again as Parquet."
      )
    }
  }
  const fieldOf = (batch: arrow.RecordBatch): FieldPath => {
    const columns = batch.schema.fields.map((f) => f.name)
    return findField(field, columns, name, (wanted) => `there is no column ${wanted}`)
  }
  const refuseFirstFeather = async (): Promise<void> => {
    if (file.size < firstFeather.length || text(await file.read(0, firstFeather.length)) !== firstFeather) return
    throw new DocumentProblem(
      name,
      "it is Feather in its first version, which is not Arrow",
      "Write it again: pandas.read_feather(...).to_feather(...), or as Parquet."
    )
  }
  return {
    count: async () => {
      await refuseFirstFeather()
      let rows = 0
      for await (const message of messages(file, cutOff, damaged)) rows += message.rows
      return rows
    },
    read: async function* (choose) {
      await refuseFirstFeather()
      arrowCodecs()
      // A batch is decoded as a stream of its own, after the schema and the dictionaries that came before it.
      const before: Array<Uint8Array> = []
      let start = 0
      for await (const { type, rows, offset, bytes } of messages(file, cutOff, damaged)) {
        if (type !== "batch") {
          before.push(await file.read(offset, bytes))
          continue
        }
        const indices = await choose(start, start + rows)
        if (indices.length > 0) {
          const stream = concat([...before, await file.read(offset, bytes)])
          const batch = guarded(() => [...arrow.RecordBatchReader.from(stream)][0] as arrow.RecordBatch)
          const path = fieldOf(batch)
          const column = batch.getChild(path.column) as arrow.Vector
          for (const index of indices) {
            const place = `${name}:${index + 1}`
            const value = guarded(() => arrowValue(column, index - start, place))
            const content = rowContent(followPath(value, path.rest, place), place)
            if (content !== undefined) yield { index, row: index + 1, content }
          }
        }
        start += rows
      }
    }
  }
}
