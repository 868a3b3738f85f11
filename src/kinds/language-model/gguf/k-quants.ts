/**
 * GGML's block formats of 256 values with scales of scales: Q2_K to Q6_K and IQ4_XS.
 * Source: the layouts of `ggml-common.h` (block_q4_K and following).
 */
import { halfTable } from "../../../format/half-float.ts"
import { type DecodeBlocks, unevenSteps } from "./simple-quants.ts"

const half = (bytes: Uint8Array, at: number): number =>
  halfTable()[(bytes[at] as number) | ((bytes[at + 1] as number) << 8)] as number

/** Eight 6-bit scales and eight 6-bit minima in 12 bytes; the upper bits of the last four lie over the first four. */
const unpackScales = (bytes: Uint8Array, at: number, scales: Uint8Array, minima: Uint8Array): void => {
  for (let i = 0; i < 4; i++) {
    const scale = bytes[at + i] as number
    const least = bytes[at + 4 + i] as number
    const both = bytes[at + 8 + i] as number
    scales[i] = scale & 63
    minima[i] = least & 63
    scales[i + 4] = (both & 15) | ((scale >> 6) << 4)
    minima[i + 4] = (both >> 4) | ((least >> 6) << 4)
  }
}

/**
 * Q4_K: scale, scale of minima, 12 bytes of both, 128 bytes of nibbles: the low ones of 32 bytes are one group of
 * 32 values, the high ones the next. Q5_K has 32 bytes of fifth bits before the nibbles: bit g of byte i is value i of
 * group g.
 */
const decodeK = (fifth: boolean): DecodeBlocks => {
  const size = fifth ? 176 : 144
  const nibbles = fifth ? 48 : 16
  return (bytes, blocks, out, start) => {
    const scales = new Uint8Array(8)
    const minima = new Uint8Array(8)
    for (let b = 0, from = 0, at = start; b < blocks; b++, from += size, at += 256) {
      const scale = half(bytes, from)
      const leastScale = half(bytes, from + 2)
      unpackScales(bytes, from + 4, scales, minima)
      for (let group = 0; group < 8; group++) {
        const d = Math.fround(scale * (scales[group] as number))
        const least = Math.fround(leastScale * (minima[group] as number))
        const base = from + nibbles + (group >> 1) * 32
        const shift = (group & 1) * 4
        const target = at + group * 32
        for (let i = 0; i < 32; i++) {
          let q = ((bytes[base + i] as number) >> shift) & 15
          if (fifth) q |= (((bytes[from + 16 + i] as number) >> group) & 1) << 4
          out[target + i] = Math.fround(d * q) - least
        }
      }
    }
  }
}

export const decodeQ4_K: DecodeBlocks = decodeK(false)
export const decodeQ5_K: DecodeBlocks = decodeK(true)

/**
 * 128 bytes of low nibbles, 64 of upper bit pairs, 16 signed scales, scale: scale * scales[i / 16] * (q - 32). Each half
 * of 128 values takes 64 bytes of nibbles and 32 of bit pairs.
 */
export const decodeQ6_K: DecodeBlocks = (bytes, blocks, out, start) => {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 210, at += 256) {
    const scale = half(bytes, from + 208)
    for (let group = 0; group < 8; group++) {
      const low = from + (group >> 2) * 64 + (group & 1) * 32
      const lowShift = ((group >> 1) & 1) * 4
      const high = from + 128 + (group >> 2) * 32
      const highShift = (group & 3) * 2
      const first = Math.fround(scale * (signed[from + 192 + group * 2] as number))
      const second = Math.fround(scale * (signed[from + 193 + group * 2] as number))
      const target = at + group * 32
      for (let i = 0; i < 32; i++) {
        const q =
          (((bytes[low + i] as number) >> lowShift) & 15) | ((((bytes[high + i] as number) >> highShift) & 3) << 4)
        out[target + i] = (i < 16 ? first : second) * (q - 32)
      }
    }
  }
}

/**
 * 16 bytes of scales (low nibble) and minima (high nibble), 64 bytes of pairs of bits, scale, scale of minima: group g of
 * 16 values has scale * low * q - scale of minima * high. Each half of 128 values takes 32 bytes of pairs; pair p of a
 * byte is value 32 p + byte.
 */
export const decodeQ2_K: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 84, at += 256) {
    const scale = half(bytes, from + 80)
    const leastScale = half(bytes, from + 82)
    for (let group = 0; group < 16; group++) {
      const both = bytes[from + group] as number
      const d = Math.fround(scale * (both & 15))
      const least = Math.fround(leastScale * (both >> 4))
      const base = from + 16 + (group >> 3) * 32 + (group & 1) * 16
      const shift = ((group >> 1) & 3) * 2
      for (let i = 0; i < 16; i++) {
        out[at + group * 16 + i] = Math.fround(d * (((bytes[base + i] as number) >> shift) & 3)) - least
      }
    }
  }
}

/**
 * 32 bytes of third bits, 64 bytes of pairs as in Q2_K, 12 bytes of sixteen 6-bit scales, scale: scale * (scales[g] - 32)
 * * (pair - 4 * (third bit unset)). Scale i has its low nibble in byte i % 8 (high half for i >= 8) and its upper pair of
 * bits in byte 8 + i % 4, pair i / 4. Bit p + 4 half of byte i of the third bits is value 128 half + 32 p + i.
 */
export const decodeQ3_K: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 110, at += 256) {
    const scale = half(bytes, from + 108)
    for (let group = 0; group < 16; group++) {
      const low = ((bytes[from + 96 + (group & 7)] as number) >> (group < 8 ? 0 : 4)) & 15
      const high = ((bytes[from + 104 + (group & 3)] as number) >> ((group >> 2) * 2)) & 3
      const d = Math.fround(scale * ((low | (high << 4)) - 32))
      const within = (group & 1) * 16
      const base = from + 32 + (group >> 3) * 32 + within
      const pairBit = (group >> 1) & 3
      const thirdBit = (group >> 3) * 4 + pairBit
      for (let i = 0; i < 16; i++) {
        const pair = ((bytes[base + i] as number) >> (pairBit * 2)) & 3
        const third = ((bytes[from + within + i] as number) >> thirdBit) & 1
        out[at + group * 16 + i] = d * (pair - (third === 0 ? 4 : 0))
      }
    }
  }
}

/**
 * scale, 2 bytes of upper pairs of eight 6-bit scales, 4 bytes of their nibbles, 128 bytes of nibbles: scale *
 * (scales[g] - 32) * step. A group of 32 values takes 16 bytes: value i and value i + 16 share one.
 */
export const decodeIQ4_XS: DecodeBlocks = (bytes, blocks, out, start) => {
  for (let b = 0, from = 0, at = start; b < blocks; b++, from += 136, at += 256) {
    const scale = half(bytes, from)
    const upper = (bytes[from + 2] as number) | ((bytes[from + 3] as number) << 8)
    for (let group = 0; group < 8; group++) {
      const low = ((bytes[from + 4 + (group >> 1)] as number) >> ((group & 1) * 4)) & 15
      const d = Math.fround(scale * ((low | (((upper >> (2 * group)) & 3) << 4)) - 32))
      const target = at + group * 32
      for (let i = 0; i < 16; i++) {
        const pair = bytes[from + 8 + group * 16 + i] as number
        out[target + i] = d * (unevenSteps[pair & 15] as number)
        out[target + 16 + i] = d * (unevenSteps[pair >> 4] as number)
      }
    }
  }
}
