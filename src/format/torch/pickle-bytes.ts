/** The bytes of a pickle, read from its front: numbers, texts and names as the opcodes of protocols 2 to 5 write them. */
import { refuse } from "./pickled-values.ts"

/** A name in a state dict (`torch._utils`) has some twenty characters. */
const MAX_NAME_BYTES = 1000

/** Each call reads on from where the one before it ended, and refuses where the bytes end first. */
export interface PickleBytes {
  /** Bytes read so far. */
  readonly position: () => number
  readonly skip: (bytes: number) => void
  readonly uint8: () => number
  readonly uint16: () => number
  readonly uint32: () => number
  readonly int32: () => number
  readonly float64: () => number
  /** LONG1: a length in one byte, then that many bytes of a little-endian two's complement. */
  readonly long: () => number
  /** UTF-8 of a length in bytes; what is no UTF-8 throws a TypeError. */
  readonly text: (bytes: number) => string
  /** UTF-8 up to the next line feed. */
  readonly line: () => string
}

export const pickleBytes = (bytes: Uint8Array): PickleBytes => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const decoder = new TextDecoder("utf-8", { fatal: true })
  let at = 0
  const take = (n: number): number => {
    if (at + n > bytes.length) refuse("it ends in the middle of an opcode")
    at += n
    return at - n
  }
  const uint8 = (): number => view.getUint8(take(1))
  const text = (length: number): string => {
    const start = take(length)
    return decoder.decode(bytes.subarray(start, start + length))
  }
  return {
    position: () => at,
    skip: (n) => void take(n),
    uint8,
    uint16: () => view.getUint16(take(2), true),
    uint32: () => view.getUint32(take(4), true),
    int32: () => view.getInt32(take(4), true),
    // The one big-endian number of pickles.
    float64: () => view.getFloat64(take(8), false),
    long: () => {
      const length = uint8()
      if (length > 8) return refuse("a number has more than 64 bits")
      const start = take(length)
      let value = 0n
      for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(view.getUint8(start + i))
      const signed = Number(BigInt.asIntN(8 * length, value))
      return Number.isSafeInteger(signed) ? signed : refuse("a number is beyond 2^53")
    },
    text,
    line: () => {
      const end = bytes.indexOf(0x0a, at)
      if (end < 0 || end - at > MAX_NAME_BYTES) return refuse("a name does not end")
      const line = text(end - at)
      take(1)
      return line
    }
  }
}
