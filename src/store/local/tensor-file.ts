/**
 * The binary half of a checkpoint: the bytes of typed arrays, one after the other, each from a multiple of 8, and the
 * JSON that says what is where (the layout of safetensors, with the header in a file of its own).
 */
import { closeSync, openSync, readSync } from "node:fs"
import * as Schema from "effect/Schema"
import type { FloatBlocks } from "../../numeric/float-blocks.ts"
import type { CheckpointState } from "../../stage/checkpoint.ts"

type Tensor = CheckpointState["tensors"][string]
type Arrays = Pick<CheckpointState, "tensors" | "blocks">

const types = { f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const
type TypeName = keyof typeof types

export const TensorEntry = Schema.Struct({
  name: Schema.String,
  /** "blocks": f32, saved and given back a block at a time. */
  type: Schema.Literals(["f32", "i32", "u8", "blocks"]),
  offset: Schema.Int,
  length: Schema.Int
})
export type TensorEntry = typeof TensorEntry.Type

/** Bytes that are read at a time. */
const readBytes = 4 * 2 ** 20

const align = (offset: number): number => Math.ceil(offset / 8) * 8

const typeOf = (tensor: Tensor): TypeName =>
  tensor instanceof Float32Array ? "f32" : tensor instanceof Int32Array ? "i32" : "u8"

const bytesOf = (array: Tensor | Float32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

/** What is where, and its bytes in pieces: each is to be written before the next one is asked for. */
export const encodeTensors = ({
  tensors,
  blocks = {}
}: Arrays): { readonly entries: ReadonlyArray<TensorEntry>; readonly parts: Iterable<Uint8Array> } => {
  const entries: Array<TensorEntry> = []
  let offset = 0
  const place = (name: string, type: TensorEntry["type"], length: number, bytes: number): void => {
    entries.push({ name, type, offset, length })
    offset = align(offset + bytes)
  }
  for (const [name, tensor] of Object.entries(tensors)) place(name, typeOf(tensor), tensor.length, tensor.byteLength)
  for (const [name, { length }] of Object.entries(blocks)) place(name, "blocks", length, 4 * length)
  const all = [
    ...Object.values(tensors).map((tensor) => () => [bytesOf(tensor)]),
    ...Object.values(blocks).map((of) => () => Iterator.from(of.blocks()).map(bytesOf))
  ]
  function* parts(): Generator<Uint8Array> {
    for (const pieces of all) {
      let written = 0
      for (const piece of pieces()) {
        written += piece.length
        yield piece
      }
      const padding = align(written) - written
      if (padding > 0) yield new Uint8Array(padding)
    }
  }
  return { entries, parts: { [Symbol.iterator]: parts } }
}

const readAt = (file: number, target: Uint8Array, offset: number, name: string): void => {
  for (let at = 0; at < target.length;) {
    const read = readSync(file, target, at, target.length - at, offset + at)
    if (read === 0) throw new RangeError(`tensor ${name} ends outside its file`)
    at += read
  }
}

const blocksAt = (path: string, { name, offset, length }: TensorEntry): FloatBlocks => ({
  length,
  *blocks() {
    const file = openSync(path, "r")
    try {
      for (let at = 0; at < 4 * length; at += readBytes) {
        const bytes = new Uint8Array(Math.min(readBytes, 4 * length - at))
        readAt(file, bytes, offset + at, name)
        yield new Float32Array(bytes.buffer)
      }
    } finally {
      closeSync(file)
    }
  }
})

/** Arrays of their own, and those that are read where they are asked for. */
export const decodeTensors = (entries: ReadonlyArray<TensorEntry>, path: string): Arrays => {
  // Not by assignment: an array may be called "__proto__".
  const tensors = new Map<string, Tensor>()
  const blocks = new Map<string, FloatBlocks>()
  const file = openSync(path, "r")
  try {
    for (const entry of entries) {
      const { name, type, offset, length } = entry
      if (type === "blocks") {
        blocks.set(name, blocksAt(path, entry))
        continue
      }
      const bytes = new Uint8Array(length * types[type].BYTES_PER_ELEMENT)
      readAt(file, bytes, offset, name)
      tensors.set(name, new types[type](bytes.buffer, 0, length))
    }
  } finally {
    closeSync(file)
  }
  const arrays = { tensors: Object.fromEntries(tensors) }
  return blocks.size === 0 ? arrays : { ...arrays, blocks: Object.fromEntries(blocks) }
}
