/**
 * GGML's block formats of 32 values with one scale: Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, IQ4_NL and MXFP4.
 * Source: the layouts of `ggml-common.h` (block_q4_0 and following); value i and value i + 16 share a byte.
 */
import { halfTable } from "../../../format/half-float.ts"

/** Values of `blocks` blocks into `out` from `at` on. Bytes and room have been checked. */
export type DecodeBlocks = (bytes: Uint8Array, blocks: number, out: Float32Array, at: number) => void

const half = (bytes: Uint8Array, at: number): number =>
  halfTable()[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number

/** scale (2 bytes), 16 bytes of nibbles: scale * (q - 8) */
export const decodeQ4_0: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 18, at += 32) {
    const scale = half(bytes, from)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 2 + i] as number
      out[at + i] = scale * ((pair & 15) - 8)
      out[at + 16 + i] = scale * ((pair >> 4) - 8)
    }
  }
}

/** scale, least value, nibbles: scale * q + least, the product rounded to f32 first */
export const decodeQ4_1: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 20, at += 32) {
    const scale = half(bytes, from)
    const least = half(bytes, from + 2)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 4 + i] as number
      out[at + i] = Math.fround(scale * (pair & 15)) + least
      out[at + 16 + i] = Math.fround(scale * (pair >> 4)) + least
    }
  }
}

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] as number) |
  ((bytes[at + 1] as number) << 8) |
  ((bytes[at + 2] as number) << 16) |
  ((bytes[at + 3] as number) << 24)

/** scale, fifth bits (4 bytes), nibbles: scale * (q - 16) */
export const decodeQ5_0: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 22, at += 32) {
    const scale = half(bytes, from)
    const high = word(bytes, from + 2)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 6 + i] as number
      out[at + i] = scale * (((pair & 15) | (((high >>> i) & 1) << 4)) - 16)
      out[at + 16 + i] = scale * (((pair >> 4) | (((high >>> (i + 16)) & 1) << 4)) - 16)
    }
  }
}

/** scale, least value, fifth bits, nibbles */
export const decodeQ5_1: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 24, at += 32) {
    const scale = half(bytes, from)
    const least = half(bytes, from + 2)
    const high = word(bytes, from + 4)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 8 + i] as number
      out[at + i] = Math.fround(scale * ((pair & 15) | (((high >>> i) & 1) << 4))) + least
      out[at + 16 + i] = Math.fround(scale * ((pair >> 4) | (((high >>> (i + 16)) & 1) << 4))) + least
    }
  }
}

/** scale, 32 signed bytes */
export const decodeQ8_0: DecodeBlocks = (bytes, blocks, out, start) => {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 34, at += 32) {
    const scale = half(bytes, from)
    for (let i = 0; i < 32; i++) out[at + i] = scale * (signed[from + 2 + i] as number)
  }
}

/** What a nibble stands for in IQ4_NL and IQ4_XS (`kvalues_iq4nl`). */
export const unevenSteps = Int8Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)

/** scale, nibbles: scale * step */
export const decodeIQ4_NL: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 18, at += 32) {
    const scale = half(bytes, from)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 2 + i] as number
      out[at + i] = scale * (unevenSteps[pair & 15] as number)
      out[at + 16 + i] = scale * (unevenSteps[pair >> 4] as number)
    }
  }
}

/** Floats of 4 bits (one of sign, two of exponent, one of fraction), each twice what it stands for. */
const smallFloats = Int8Array.of(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)

/**
 * exponent (1 byte), nibbles: 2^(exponent - 127) * float of 4 bits.
 * Source: OCP Microscaling Formats 1.0, section 6.3 (E8M0 scales, E2M1 elements); the nibbles' order is ggml's.
 */
export const decodeMXFP4: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 17, at += 32) {
    const scale = 2 ** ((bytes[from] as number) - 128)
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 1 + i] as number
      out[at + i] = scale * (smallFloats[pair & 15] as number)
      out[at + 16 + i] = scale * (smallFloats[pair >> 4] as number)
    }
  }
}
