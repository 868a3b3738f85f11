/**
 * Writes an Arrow IPC file batch by batch: what is in memory is one batch, whatever the number of rows. Always the
 * file format: a stream that was cut at a batch boundary reads as a shorter table without an error.
 */
import { open } from "node:fs/promises"
import * as arrow from "apache-arrow"
import { FileBlock } from "apache-arrow/ipc/metadata/file"
import * as Effect from "effect/Effect"
import type { ArtifactWriter } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { arrowSchema, arrowType } from "./arrow-column.ts"
import type { ArrowColumns, ArrowValues } from "./arrow-column.ts"
import { type ArrowFileState, writtenHash } from "./arrow-file-state.ts"

/** Collects what the Arrow writer emits, so that each batch can be written out with back-pressure. */
class ByteCollector extends arrow.AsyncByteQueue {
  chunks: Array<Uint8Array> = []
  override write(chunk: Uint8Array): void {
    this.chunks.push(chunk)
  }
}

export interface ArrowFileOptions {
  readonly metadata?: Readonly<Record<string, string>>
  /** Absolute path to write to instead of `path` in the output; the caller moves it there. */
  readonly file?: string
  /** Goes on where a file at `file` stood, which `isAsWritten`; what lies beyond is cut off. */
  readonly from?: ArrowFileState
}

export interface ArrowWriter<C extends ArrowColumns> {
  /** Writes one record batch of `rows` rows; the arrays may be reused afterwards. */
  readonly append: (rows: number, values: ArrowValues<C>) => Effect.Effect<void, ArtifactError>
  /** Writes the footer. Without it the file is not readable. */
  readonly close: Effect.Effect<void, ArtifactError>
  /** Of a file at `file`. */
  readonly state: () => ArrowFileState
  /** Waits until all that was appended is on the disk. */
  readonly sync: Effect.Effect<void, ArtifactError>
}

/** The library's writer, which can be told of the record batches that a file has already. */
class FileWriter extends arrow.RecordBatchFileWriter {
  state(): Omit<ArrowFileState, "hash"> {
    return {
      position: this._position,
      blocks: this._recordBatchBlocks.map(({ offset, metaDataLength, bodyLength }) => [
        offset,
        metaDataLength,
        bodyLength
      ])
    }
  }
  restore({ position, blocks }: Pick<ArrowFileState, "position" | "blocks">): void {
    this._position = position
    this._recordBatchBlocks = blocks.map(([offset, meta, body]) => new FileBlock(meta, body, offset))
  }
}

const recordBatch = (schema: arrow.Schema, columns: ArrowColumns, rows: number, values: ArrowValues<ArrowColumns>) => {
  const children = Object.entries(columns).map(([name, column]) => {
    const data = values[name] as Float32Array
    if (data.length !== rows * (column.list ?? 1)) {
      throw new RangeError(`column ${name}: ${data.length} numbers for ${rows} rows of ${column.list ?? 1}`)
    }
    const type = arrowType(column)
    if (column.list === undefined) return arrow.makeData({ type: type as arrow.Float32, length: rows, data })
    const item = (type as arrow.FixedSizeList).children[0]?.type as arrow.Float32
    const child = arrow.makeData({ type: item, length: data.length, nullCount: 0, data })
    return arrow.makeData({ type: type as arrow.FixedSizeList, length: rows, nullCount: 0, child })
  })
  const struct = new arrow.Struct(schema.fields)
  return new arrow.RecordBatch(schema, arrow.makeData({ type: struct, length: rows, nullCount: 0, children }))
}

export const openArrowWriter = Effect.fn("openArrowWriter")(function* <const C extends ArrowColumns>(
  output: ArtifactWriter,
  path: string,
  columns: C,
  { metadata = {}, file, from }: ArrowFileOptions = {}
) {
  const refused = (cause: unknown): ArtifactError =>
    new ArtifactError({
      reason: "unwritable",
      digest: "",
      path,
      detail: cause instanceof Error ? cause.message : String(cause)
    })
  const target = file ?? (yield* output.path(path))
  const opened = async () => {
    if (from === undefined) return open(target, "w")
    const handle = await open(target, "r+")
    await handle.truncate(from.position)
    return handle
  }
  const handle = yield* Effect.acquireRelease(Effect.tryPromise({ try: opened, catch: refused }), (opened) =>
    Effect.promise(() => opened.close())
  )
  let at = from?.position ?? 0
  const hash = file === undefined ? undefined : yield* Effect.promise(() => writtenHash(from))
  const schema = arrowSchema(columns, metadata)
  const sink = new ByteCollector()
  const writer = new FileWriter()
  writer.reset(sink, schema)
  if (from !== undefined) {
    // The file begins with the schema already.
    sink.chunks = []
    writer.restore(from)
  }
  const flush = Effect.suspend(() => {
    const chunks = sink.chunks
    sink.chunks = []
    const start = at
    for (const chunk of chunks) {
      at += chunk.byteLength
      hash?.update(chunk)
    }
    return Effect.tryPromise({ try: () => writeAll(handle, chunks, start), catch: refused })
  })
  const result: ArrowWriter<C> = {
    append: (rows, values) =>
      Effect.suspend(() => {
        writer.write(recordBatch(schema, columns, rows, values))
        return flush
      }),
    close: Effect.suspend(() => {
      writer.close()
      return flush
    }),
    state: () => ({ ...writer.state(), hash: hash === undefined ? "" : Buffer.from(hash.save()).toString("hex") }),
    sync: Effect.andThen(flush, Effect.tryPromise({ try: () => handle.datasync(), catch: refused }))
  }
  return result
})

/** `writev` may write less than it was given (a full disk gives ENOSPC only at the next call). */
const writeAll = async (
  handle: Awaited<ReturnType<typeof open>>,
  chunks: ReadonlyArray<Uint8Array>,
  start: number
): Promise<void> => {
  let at = start
  for (const chunk of chunks) {
    let done = 0
    while (done < chunk.byteLength) {
      const { bytesWritten } = await handle.write(chunk, done, chunk.byteLength - done, at)
      if (bytesWritten === 0) throw new Error("no space left on the device")
      done += bytesWritten
      at += bytesWritten
    }
  }
}
