/** Bytes one after the other: whole numbers in as few as they need (LEB128), others as f32, little-endian. */

export interface ByteWriter {
  readonly bytes: Array<number>
  /** From 0 up to 2^31 - 1. */
  readonly uint: (value: number) => void
  readonly float: (value: number) => void
}

export const byteWriter = (): ByteWriter => {
  const bytes: Array<number> = []
  const view = new DataView(new ArrayBuffer(4))
  return {
    bytes,
    uint: (value) => {
      if (!Number.isInteger(value) || value < 0 || value > 0x7fffffff) throw new RangeError(`${value} is no uint31`)
      let rest = value
      for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128)
      bytes.push(rest)
    },
    float: (value) => {
      view.setFloat32(0, value, true)
      for (let i = 0; i < 4; i++) bytes.push(view.getUint8(i))
    }
  }
}

/** Of base64. */
export const bytesOf = (packed: string): Uint8Array => {
  const text = atob(packed)
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}

export interface ByteReader {
  readonly uint: () => number
  readonly float: () => number
}

export const byteReader = (bytes: Uint8Array): ByteReader => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  return {
    uint: () => {
      let value = 0
      for (let shift = 0; ; shift += 7) {
        const byte = view.getUint8(at++)
        value |= (byte & 127) << shift
        if (byte < 128) return value
      }
    },
    float: () => {
      const value = view.getFloat32(at, true)
      at += 4
      return value
    }
  }
}
