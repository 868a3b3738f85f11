/** Rows of blocks as a GGUF file may have them, for tests: any integers, and scales that make weights of a model of them. */
import type { PackedRows } from "../../../../src/format/weight-tensors.ts"
import { type TensorType, tensorTypes } from "../../../../src/kinds/language-model/gguf/tensor-types.ts"

/** Where a block has upper bytes of floats, and what they are: half floats near 2^-10, and 2^-13 where scales are multiplied. */
const floatBytes: Readonly<Record<string, readonly [ReadonlyArray<number>, number]>> = {
  F32: [[3], 0x3c],
  F16: [[1], 0x24],
  BF16: [[1], 0x3c],
  Q4_0: [[1], 0x20],
  Q4_1: [[1, 3], 0x1c],
  Q5_0: [[1], 0x1c],
  Q5_1: [[1, 3], 0x18],
  Q8_0: [[1], 0x14],
  Q2_K: [[81, 83], 0x14],
  Q3_K: [[109], 0x14],
  Q4_K: [[1, 3], 0x08],
  Q5_K: [[1, 3], 0x04],
  Q6_K: [[209], 0x04],
  IQ4_NL: [[1], 0x14],
  IQ4_XS: [[1], 0x04],
  MXFP4: [[0], 122]
}

export const typeNamed = (name: string): TensorType =>
  [...tensorTypes.values()].find((type) => type.name === name) as TensorType

export const randomRows = (type: TensorType, rows: number, columns: number, seed: number): PackedRows => {
  let state = seed + 1
  const bytes = Uint8Array.from({ length: ((rows * columns) / type.values) * type.bytes }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 24
  })
  const [places, value] = floatBytes[type.name] as (typeof floatBytes)[string]
  for (let block = 0; block < bytes.length; block += type.bytes) {
    // Of numbers, either sign.
    for (const place of places)
      bytes[block + place] = type.values === 1 ? value | (bytes[block + place]! & 0x80) : value
  }
  return { type: type.number, rows, bytes }
}

/** f32 [rows, columns], by the reader's decoders. */
export const decodedRows = (parts: ReadonlyArray<PackedRows>, columns: number): Float32Array => {
  const values = new Float32Array(parts.reduce((sum, { rows }) => sum + rows * columns, 0))
  let at = 0
  for (const { type, rows, bytes } of parts) {
    const found = tensorTypes.get(type) as TensorType
    found.decode(bytes, (rows * columns) / found.values, values, at)
    at += rows * columns
  }
  return values
}
