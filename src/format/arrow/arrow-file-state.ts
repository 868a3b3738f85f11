/** Where an Arrow file stands that is written over several attempts of a stage. */
import { createReadStream, statSync } from "node:fs"
import * as Schema from "effect/Schema"
import { createXXHash64, type IHasher } from "hash-wasm"

/** After the last record batch: what a checkpoint keeps of a file, beside the file itself. */
export const ArrowFileState = Schema.Struct({
  /** Bytes written. */
  position: Schema.Int,
  /** Of each record batch: offset, bytes of its metadata, bytes of its body. */
  blocks: Schema.Array(Schema.Tuple([Schema.Int, Schema.Int, Schema.Int])),
  /** Of the bytes written: how far xxh64 has come with them, in hexadecimal digits. */
  hash: Schema.String
})
export type ArrowFileState = typeof ArrowFileState.Type

/** Of what has been written so far, to go on with. */
export const writtenHash = async (state: ArrowFileState | undefined): Promise<IHasher> => {
  const hash = await createXXHash64()
  return state === undefined ? hash.init() : hash.load(Buffer.from(state.hash, "hex"))
}

/** Whether a file holds the bytes that were written: all of them are read. What lies beyond them does not matter. */
export const isAsWritten = async (path: string, state: ArrowFileState): Promise<boolean> => {
  const { position } = state
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) < position) return false
  const found = (await createXXHash64()).init()
  for await (const piece of createReadStream(path, { end: position - 1, highWaterMark: 1 << 20 })) {
    found.update(piece as Uint8Array)
  }
  return found.digest() === (await writtenHash(state)).digest()
}
