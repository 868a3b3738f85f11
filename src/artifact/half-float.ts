/** Conversions between f32 and the two half-precision formats, by bit patterns in Uint16Arrays. */
/** bfloat16: the upper half of an f32. Exact. */
export const fromBfloat16 = (bits: Uint16Array): Float32Array<ArrayBuffer> => {
  const result = new Uint32Array(bits.length)
  for (let i = 0; i < bits.length; i++) result[i] = (bits[i] as number) << 16
  return new Float32Array(result.buffer)
}

/** Rounds to nearest, ties to even; NaN stays NaN. @param result where to put them */
export const toBfloat16 = (values: Float32Array, result = new Uint16Array(values.length)): Uint16Array<ArrayBuffer> => {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  for (let i = 0; i < values.length; i++) {
    const x = bits[i] as number
    result[i] = (x & 0x7fffffff) > 0x7f800000 ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16
  }
  return result
}

const half = (bits: number): number => {
  const exponent = (bits >>> 10) & 31
  const fraction = bits & 1023
  const size =
    exponent === 31
      ? fraction === 0
        ? Number.POSITIVE_INFINITY
        : Number.NaN
      : exponent === 0
        ? fraction * 2 ** -24
        : (1 + fraction / 1024) * 2 ** (exponent - 15)
  return bits >>> 15 === 0 ? size : -size
}

let table: Float32Array | undefined

/** Every IEEE binary16 number as f32, by bit pattern: 256 KiB, made when first asked for. */
export const halfTable = (): Float32Array => {
  table ??= Float32Array.from({ length: 65_536 }, (_, bits) => half(bits))
  return table
}

/** IEEE binary16. Exact. */
export const fromFloat16 = (bits: Uint16Array): Float32Array<ArrayBuffer> => {
  const values = halfTable()
  const result = new Float32Array(bits.length)
  for (let i = 0; i < bits.length; i++) result[i] = values[bits[i] as number] as number
  return result
}

/** Rounds to nearest, ties to even; beyond 65504 (rounded) becomes infinite, as in IEEE 754. @param result as above */
export const toFloat16 = (values: Float32Array, result = new Uint16Array(values.length)): Uint16Array<ArrayBuffer> => {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  for (let i = 0; i < values.length; i++) {
    const x = bits[i] as number
    const sign = (x >>> 16) & 0x8000
    const size = x & 0x7fffffff
    if (size >= 0x7f800000) result[i] = sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00)
    else if (size >= 0x477ff000) result[i] = sign | 0x7c00
    else if (size >= 0x38800000) result[i] = sign | ((size - 0x38000000 + 0xfff + ((size >>> 13) & 1)) >>> 13)
    else {
      // Subnormal: count units of 2^-24, the tie going to the even count.
      const units = Math.abs(values[i] as number) * 2 ** 24
      const below = Math.floor(units)
      const rest = units - below
      result[i] = sign | (rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below)
    }
  }
  return result
}
