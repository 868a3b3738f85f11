/** GGML's tensor types that can be read: how many values and bytes a block has, and how it becomes f32. */
import { fromFloat16 } from "../../../format/half-float.ts"
import { decodeIQ4_XS, decodeQ2_K, decodeQ3_K, decodeQ4_K, decodeQ5_K, decodeQ6_K } from "./k-quants.ts"
import {
  type DecodeBlocks,
  decodeIQ4_NL,
  decodeMXFP4,
  decodeQ4_0,
  decodeQ4_1,
  decodeQ5_0,
  decodeQ5_1,
  decodeQ8_0
} from "./simple-quants.ts"

export interface TensorType {
  /** GGML's. */
  readonly number: number
  readonly name: string
  /** Values of a block; 1 where the type is none of blocks. */
  readonly values: number
  /** Bytes of a block. */
  readonly bytes: number
  readonly decode: DecodeBlocks
}

const decodeF32: DecodeBlocks = (bytes, blocks, out, at) => {
  new Uint8Array(out.buffer, out.byteOffset + 4 * at, 4 * blocks).set(bytes.subarray(0, 4 * blocks))
}

const words = (bytes: Uint8Array, count: number): Uint16Array => {
  const result = new Uint16Array(count)
  new Uint8Array(result.buffer).set(bytes.subarray(0, 2 * count))
  return result
}

const decodeF16: DecodeBlocks = (bytes, blocks, out, at) => {
  out.set(fromFloat16(words(bytes, blocks)), at)
}

const decodeBF16: DecodeBlocks = (bytes, blocks, out, at) => {
  const bits = new Uint32Array(out.buffer, out.byteOffset + 4 * at, blocks)
  const stored = words(bytes, blocks)
  for (let i = 0; i < blocks; i++) bits[i] = (stored[i] as number) << 16
}

const types: ReadonlyArray<TensorType> = [
  { number: 0, name: "F32", values: 1, bytes: 4, decode: decodeF32 },
  { number: 1, name: "F16", values: 1, bytes: 2, decode: decodeF16 },
  { number: 2, name: "Q4_0", values: 32, bytes: 18, decode: decodeQ4_0 },
  { number: 3, name: "Q4_1", values: 32, bytes: 20, decode: decodeQ4_1 },
  { number: 6, name: "Q5_0", values: 32, bytes: 22, decode: decodeQ5_0 },
  { number: 7, name: "Q5_1", values: 32, bytes: 24, decode: decodeQ5_1 },
  { number: 8, name: "Q8_0", values: 32, bytes: 34, decode: decodeQ8_0 },
  { number: 10, name: "Q2_K", values: 256, bytes: 84, decode: decodeQ2_K },
  { number: 11, name: "Q3_K", values: 256, bytes: 110, decode: decodeQ3_K },
  { number: 12, name: "Q4_K", values: 256, bytes: 144, decode: decodeQ4_K },
  { number: 13, name: "Q5_K", values: 256, bytes: 176, decode: decodeQ5_K },
  { number: 14, name: "Q6_K", values: 256, bytes: 210, decode: decodeQ6_K },
  { number: 20, name: "IQ4_NL", values: 32, bytes: 18, decode: decodeIQ4_NL },
  { number: 23, name: "IQ4_XS", values: 256, bytes: 136, decode: decodeIQ4_XS },
  { number: 30, name: "BF16", values: 1, bytes: 2, decode: decodeBF16 },
  { number: 39, name: "MXFP4", values: 32, bytes: 17, decode: decodeMXFP4 }
]

/** By GGML's number. */
export const tensorTypes: ReadonlyMap<number, TensorType> = new Map(types.map((type) => [type.number, type]))

/** Names of the types that cannot be read, for messages. */
export const otherTypes: Readonly<Record<number, string>> = {
  9: "Q8_1",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  21: "IQ3_S",
  22: "IQ2_S",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  40: "NVFP4"
}
