/**
 * Block formats decoded one value at a time, each straight from the formula of its place in the block: slow, and written
 * apart from the decoders under test.
 */

const half = (bytes: Uint8Array, at: number): number => {
  const bits = (bytes[at] as number) + 256 * (bytes[at + 1] as number)
  const sign = bits >= 32_768 ? -1 : 1
  const exponent = Math.floor(bits / 1024) % 32
  const fraction = bits % 1024
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

const f32 = Math.fround
const bit = (bytes: Uint8Array, at: number, i: number): number =>
  Math.floor((bytes[at + Math.floor(i / 8)] as number) / 2 ** (i % 8)) % 2
const low = (byte: number): number => byte % 16
const high = (byte: number): number => Math.floor(byte / 16)
const signed = (byte: number): number => (byte > 127 ? byte - 256 : byte)

/** Value `i` of 32: the first 16 are low nibbles, the others high ones. */
const nibble = (bytes: Uint8Array, at: number, i: number): number =>
  i < 16 ? low(bytes[at + i] as number) : high(bytes[at + i - 16] as number)

/** Group `g` of 8: scale and least value, 6 bits each. */
const scaleOf = (b: Uint8Array, at: number, g: number): readonly [number, number] => {
  const byte = (i: number): number => b[at + i] as number
  if (g < 4) return [byte(g) % 64, byte(4 + g) % 64]
  return [low(byte(4 + g)) + 16 * Math.floor(byte(g - 4) / 64), high(byte(4 + g)) + 16 * Math.floor(byte(g) / 64)]
}

/** Two bits of a byte, the lowest first. */
const pairOf = (byte: number, i: number): number => Math.floor(byte / 4 ** i) % 4
const uneven = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113]
const small = [0, 0.5, 1, 1.5, 2, 3, 4, 6]

/** By name: value `i` of the block that starts at `at`. */
export const naive: Readonly<Record<string, (bytes: Uint8Array, at: number, i: number) => number>> = {
  Q4_0: (b, at, i) => f32(half(b, at) * (nibble(b, at + 2, i) - 8)),
  Q4_1: (b, at, i) => f32(f32(half(b, at) * nibble(b, at + 4, i)) + half(b, at + 2)),
  Q5_0: (b, at, i) => f32(half(b, at) * (nibble(b, at + 6, i) + 16 * bit(b, at + 2, i) - 16)),
  Q5_1: (b, at, i) => f32(f32(half(b, at) * (nibble(b, at + 8, i) + 16 * bit(b, at + 4, i))) + half(b, at + 2)),
  Q8_0: (b, at, i) => f32(half(b, at) * signed(b[at + 2 + i] as number)),
  Q4_K: (b, at, i) => {
    const g = Math.floor(i / 32)
    const [scale, least] = scaleOf(b, at + 4, g)
    const byte = b[at + 16 + 32 * Math.floor(g / 2) + (i % 32)] as number
    const q = g % 2 === 0 ? low(byte) : high(byte)
    return f32(f32(f32(half(b, at) * scale) * q) - f32(half(b, at + 2) * least))
  },
  Q5_K: (b, at, i) => {
    const g = Math.floor(i / 32)
    const [scale, least] = scaleOf(b, at + 4, g)
    const byte = b[at + 48 + 32 * Math.floor(g / 2) + (i % 32)] as number
    const q = (g % 2 === 0 ? low(byte) : high(byte)) + 16 * bit(b, at + 16 + (i % 32), g)
    return f32(f32(f32(half(b, at) * scale) * q) - f32(half(b, at + 2) * least))
  },
  Q6_K: (b, at, i) => {
    const [part, within] = [Math.floor(i / 128), i % 128] as const
    const byte = b[at + 64 * part + (within % 64)] as number
    const pair = b[at + 128 + 32 * part + (within % 32)] as number
    const q = (within < 64 ? low(byte) : high(byte)) + 16 * (Math.floor(pair / 4 ** Math.floor(within / 32)) % 4)
    const scale = signed(b[at + 192 + Math.floor(i / 16)] as number)
    return f32(f32(half(b, at + 208) * scale) * (q - 32))
  },
  Q2_K: (b, at, i) => {
    const both = b[at + Math.floor(i / 16)] as number
    const q = pairOf(b[at + 16 + 32 * Math.floor(i / 128) + (i % 32)] as number, Math.floor(i / 32) % 4)
    return f32(f32(f32(half(b, at + 80) * low(both)) * q) - f32(half(b, at + 82) * high(both)))
  },
  Q3_K: (b, at, i) => {
    const g = Math.floor(i / 16)
    const byte = b[at + 96 + (g % 8)] as number
    const scale = (g < 8 ? low(byte) : high(byte)) + 16 * pairOf(b[at + 104 + (g % 4)] as number, Math.floor(g / 4))
    const pair = pairOf(b[at + 32 + 32 * Math.floor(i / 128) + (i % 32)] as number, Math.floor(i / 32) % 4)
    const third = Math.floor((b[at + (i % 32)] as number) / 2 ** Math.floor(i / 32)) % 2
    return f32(f32(half(b, at + 108) * (scale - 32)) * (pair + 4 * third - 4))
  },
  IQ4_NL: (b, at, i) => f32(half(b, at) * (uneven[nibble(b, at + 2, i)] as number)),
  IQ4_XS: (b, at, i) => {
    const g = Math.floor(i / 32)
    const byte = b[at + 4 + Math.floor(g / 2)] as number
    const scale = (g % 2 === 0 ? low(byte) : high(byte)) + 16 * pairOf(b[at + 2 + Math.floor(g / 4)] as number, g % 4)
    return f32(f32(half(b, at) * (scale - 32)) * (uneven[nibble(b, at + 8 + 16 * g, i % 32)] as number))
  },
  MXFP4: (b, at, i) => {
    const code = nibble(b, at + 1, i)
    return f32(2 ** ((b[at] as number) - 127) * (small[code % 8] as number) * (code < 8 ? 1 : -1))
  }
}
