/**
 * Reads an Arrow IPC file record batch by record batch through a verified file. A batch is read in one piece and its
 * columns are views on those bytes: nothing is copied, and no more than a batch is in memory.
 */
import * as arrow from "apache-arrow"
import { Footer } from "apache-arrow/ipc/metadata/file"
import { VectorLoader } from "apache-arrow/visitor/vectorloader"
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { flatbufferProblem } from "./check-flatbuffer.ts"
import { arrowType } from "./arrow-column.ts"
import type { ArrowColumns, ArrowValues } from "./arrow-column.ts"

export interface ArrowBatch<C extends ArrowColumns> {
  readonly rows: number
  readonly values: ArrowValues<C>
  /** Where in the file the numbers of each column begin. */
  readonly offsets: { readonly [name in keyof C]: number }
}

export interface ArrowReader<C extends ArrowColumns> {
  /** Number of record batches. How many rows each has is known when it is read. */
  readonly batches: number
  readonly metadata: ReadonlyMap<string, string>
  readonly readBatch: (index: number) => Effect.Effect<ArrowBatch<C>, ArtifactError>
}

const magic = "ARROW1"

const isMagic = (bytes: Uint8Array): boolean => new TextDecoder().decode(bytes) === magic

const attempt = <A>(run: () => A): A | undefined => {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** The schema is checked against `columns` (more columns in the file are ignored). */
export const openArrow = Effect.fn("openArrow")(function* <const C extends ArrowColumns>(
  file: VerifiedFile,
  columns: C,
  path: string,
  digest = ""
) {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest, path, detail })
  const read = (offset: number, length: number) =>
    Effect.tryPromise({ try: () => file.read(offset, length), catch: (error) => error as ArtifactError })

  if (file.size < 24 || !isMagic(yield* read(0, 6))) return yield* fail("this is no Arrow IPC file")
  const tail = yield* read(file.size - 10, 10)
  const footerBytes = new DataView(tail.buffer, tail.byteOffset).getInt32(0, true)
  if (!isMagic(tail.subarray(4)) || footerBytes <= 0 || footerBytes > file.size - 24) {
    return yield* fail("the Arrow file has no footer: it was cut off")
  }
  const footerRaw = yield* read(file.size - 10 - footerBytes, footerBytes)
  const fault = flatbufferProblem(footerRaw, "footer")
  if (fault !== undefined) return yield* fail(`the Arrow footer is damaged: ${fault}`)
  const footer = attempt(() => Footer.decode(footerRaw))
  if (footer === undefined) return yield* fail("the Arrow footer cannot be decoded")
  for (const [name, column] of Object.entries(columns)) {
    const field = footer.schema.fields.find((field) => field.name === name)
    if (field === undefined) return yield* fail(`there is no column ${name}`)
    const wanted = String(arrowType(column))
    // A list without the type of its items has no name.
    const type = attempt(() => String(field.type)) ?? "of no type"
    if (type !== wanted) return yield* fail(`column ${name} is ${type}, not ${wanted}`)
  }

  const readBatch = Effect.fnUntraced(function* (index: number) {
    const block = attempt(() => footer.getRecordBatch(index)) ?? null
    if (block === null) return yield* fail(`there is no record batch ${index} of ${footer.numRecordBatches}`)
    const parts = [block.offset, block.metaDataLength, block.bodyLength]
    if (!parts.every((n) => n >= 0) || block.offset + block.metaDataLength + block.bodyLength > file.size) {
      return yield* fail(`record batch ${index} ends beyond the file`)
    }
    const raw = yield* read(block.offset, block.metaDataLength + block.bodyLength)
    const bytes = raw.byteOffset % 8 === 0 ? raw : raw.slice()
    const decoded = attempt(() => decode(footer.schema, bytes, block.metaDataLength))
    if (decoded === undefined) return yield* fail(`record batch ${index} cannot be decoded`)
    if (typeof decoded === "string") return yield* fail(`record batch ${index} ${decoded}`)
    const values: Record<string, unknown> = {}
    const offsets: Record<string, number> = {}
    for (const [name, column] of Object.entries(columns)) {
      const data = decoded.columns.get(name) as arrow.Data
      const numbers = column.list === undefined ? data : (data.children[0] as arrow.Data)
      const wanted = decoded.rows * (column.list ?? 1)
      if (data.nullCount > 0 || numbers.nullCount > 0) return yield* fail(`column ${name} has nulls`)
      const view = numbers.values as Float32Array<ArrayBuffer>
      if (numbers.length !== wanted || view.length < wanted) {
        return yield* fail(`column ${name} of record batch ${index} is shorter than its ${decoded.rows} rows`)
      }
      values[name] = view.subarray(0, wanted)
      offsets[name] = block.offset + view.byteOffset - bytes.byteOffset
    }
    const batch: ArrowBatch<C> = {
      rows: decoded.rows,
      values: values as ArrowValues<C>,
      offsets: offsets as ArrowBatch<C>["offsets"]
    }
    return batch
  })
  const result: ArrowReader<C> = { batches: footer.numRecordBatches, metadata: footer.schema.metadata, readBatch }
  return result
})

const decode = (schema: arrow.Schema, bytes: Uint8Array, metadataBytes: number) => {
  // An encapsulated message: continuation marker, length of the flatbuffer, flatbuffer, padding; then the body.
  const view = new DataView(bytes.buffer, bytes.byteOffset, metadataBytes)
  if (metadataBytes < 16) return "is too short"
  const start = view.getInt32(0, true) === -1 ? 8 : 4
  const fault = flatbufferProblem(bytes.subarray(start, metadataBytes), "message")
  if (fault !== undefined) return `is damaged: ${fault}`
  const message = arrow.Message.decode(bytes.subarray(start, metadataBytes))
  if (!message.isRecordBatch()) return "is no record batch"
  const header = message.header()
  if (header.compression !== null) return "is compressed; write it uncompressed"
  const body = bytes.subarray(metadataBytes)
  const loader = new VectorLoader(body, header.nodes, header.buffers, new Map(), schema.metadataVersion)
  const data = loader.visitMany(schema.fields)
  return { rows: Number(header.length), columns: new Map(schema.fields.map((field, i) => [field.name, data[i]])) }
}
