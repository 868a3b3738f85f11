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
  // Without a branch, in 32-bit integers: three times as fast. The sign of `special` tells of NaN and infinite numbers.
  let special = 0
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i] as number
    special |= (x & 0x7f800000) + 0x800000
    result[i] = ((x + (0x7fff + ((x >>> 16) & 1))) | 0) >> 16
  }
  if (special >= 0) return result
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i] as number
    if ((x & 0x7fffffff) > 0x7f800000) result[i] = (x >>> 16) | 0x40
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

/** The first number that f16 has no place for in full, and the first that rounds to infinity, as bits. */
const [normal16, infinite16] = [0x38800000, 0x477ff000]

/** Of a number below the first of them. Subnormal: units of 2^-24 are counted, the tie going to the even count. */
const subnormal16 = (x: number): number => {
  const units = Math.abs(x) * 2 ** 24
  const below = Math.floor(units)
  const rest = units - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}

/** Rounds to nearest, ties to even; beyond 65504 (rounded) becomes infinite, as in IEEE 754. @param result as above */
export const toFloat16 = (values: Float32Array, result = new Uint16Array(values.length)): Uint16Array<ArrayBuffer> => {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  // As above; here `special` tells of everything that is not a normal number in f16.
  let special = 0
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i] as number
    const size = x & 0x7fffffff
    special |= (size - normal16) | (infinite16 - 1 - size)
    result[i] = ((x >>> 16) & 0x8000) | ((size - 0x37fff001 + ((size >>> 13) & 1)) >> 13)
  }
  if (special >= 0) return result
  for (let i = 0; i < bits.length; i++) {
    const size = (bits[i] as number) & 0x7fffffff
    if (size >= normal16 && size < infinite16) continue
    const sign = ((bits[i] as number) >>> 16) & 0x8000
    if (size < normal16) result[i] = sign | subnormal16(values[i] as number)
    else result[i] = sign | (size > 0x7f800000 ? 0x7e00 : 0x7c00)
  }
  return result
}
