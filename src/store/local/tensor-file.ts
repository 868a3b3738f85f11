/**
 * The binary half of a checkpoint: the bytes of typed arrays, one after the other, each from a multiple of 8, and the
 * JSON that says what is where (the layout of safetensors, with the header in a file of its own).
 */
import * as Schema from "effect/Schema"
import type { CheckpointState } from "../../stage/checkpoint.ts"

type Tensor = CheckpointState["tensors"][string]

const types = { f32: Float32Array, i32: Int32Array, u8: Uint8Array } as const
type TypeName = keyof typeof types

export const TensorEntry = Schema.Struct({
  name: Schema.String,
  type: Schema.Literals(["f32", "i32", "u8"]),
  offset: Schema.Int,
  length: Schema.Int
})
export type TensorEntry = typeof TensorEntry.Type

const align = (offset: number): number => Math.ceil(offset / 8) * 8

const typeOf = (tensor: Tensor): TypeName =>
  tensor instanceof Float32Array ? "f32" : tensor instanceof Int32Array ? "i32" : "u8"

export const encodeTensors = (
  tensors: CheckpointState["tensors"]
): { readonly entries: ReadonlyArray<TensorEntry>; readonly parts: ReadonlyArray<Uint8Array> } => {
  const entries: Array<TensorEntry> = []
  const parts: Array<Uint8Array> = []
  let offset = 0
  for (const [name, tensor] of Object.entries(tensors)) {
    entries.push({ name, type: typeOf(tensor), offset, length: tensor.length })
    parts.push(new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.byteLength))
    const end = offset + tensor.byteLength
    offset = align(end)
    if (offset > end) parts.push(new Uint8Array(offset - end))
  }
  return { entries, parts }
}

/** Arrays of their own: none is a view of `bytes`. */
export const decodeTensors = (
  entries: ReadonlyArray<TensorEntry>,
  bytes: Uint8Array<ArrayBuffer>
): CheckpointState["tensors"] =>
  Object.fromEntries(
    entries.map(({ name, type, offset, length }) => {
      const size = length * types[type].BYTES_PER_ELEMENT
      const copy = bytes.slice(offset, offset + size)
      if (copy.byteLength !== size) throw new RangeError(`tensor ${name} ends outside its file`)
      return [name, new types[type](copy.buffer, 0, length)]
    })
  )
