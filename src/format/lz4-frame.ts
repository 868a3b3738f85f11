/**
 * Decompresses LZ4 frames (format 1.6.x of https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md): one after
 * another, with linked or independent blocks; skippable frames are skipped. Checksums are not looked at: whoever reads the
 * file has compared it with its digest.
 */
const frameMagic = 0x184d2204
const skippableMagic = 0x184d2a50

/** What has been decompressed; a match of a linked block may reach back into the block before. */
interface Output {
  bytes: Uint8Array<ArrayBuffer>
  length: number
}

const reserve = (out: Output, more: number): void => {
  if (out.length + more <= out.bytes.length) return
  const wider = new Uint8Array(Math.max(2 * out.bytes.length, out.length + more))
  wider.set(out.bytes.subarray(0, out.length))
  out.bytes = wider
}

const damaged = (): RangeError => new RangeError("the LZ4 data are damaged")

/** @throws RangeError */
const decompressBlock = (block: Uint8Array, out: Output, frameStart: number): void => {
  let at = 0
  const byte = (): number => {
    const value = block[at++]
    if (value === undefined) throw damaged()
    return value
  }
  const lengthOf = (low: number): number => {
    let length = low
    if (low === 15) for (let more = 255; more === 255; length += more) more = byte()
    return length
  }
  while (at < block.length) {
    const token = byte()
    const literals = lengthOf(token >> 4)
    if (at + literals > block.length) throw damaged()
    reserve(out, literals)
    out.bytes.set(block.subarray(at, at + literals), out.length)
    out.length += literals
    at += literals
    // A block ends with literals.
    if (at === block.length) return
    const offset = byte() | (byte() << 8)
    const match = lengthOf(token & 15) + 4
    let from = out.length - offset
    if (offset === 0 || from < frameStart) throw damaged()
    reserve(out, match)
    const { bytes } = out
    // Source and target may overlap: what has just been written is read again.
    for (const end = out.length + match; out.length < end;) bytes[out.length++] = bytes[from++] as number
  }
}

/** @throws RangeError where the data are damaged or were cut off */
export const decompressLz4Frames = (data: Uint8Array): Uint8Array<ArrayBuffer> => {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const out: Output = { bytes: new Uint8Array(4 * data.length + 64), length: 0 }
  const word = (at: number): number => {
    if (at + 4 > data.length) throw damaged()
    return view.getUint32(at, true)
  }
  let at = 0
  while (at < data.length) {
    const magic = word(at)
    if (magic >= skippableMagic && magic < skippableMagic + 16) {
      at += 8 + word(at + 4)
      continue
    }
    if (magic !== frameMagic) throw damaged()
    const flags = data[at + 4] ?? 0
    if (flags >> 6 !== 1 || (flags & 1) !== 0)
      throw new RangeError("the LZ4 frame is of another version, or needs a dictionary")
    const linked = (flags & 0x20) === 0
    // Flags, block size, the content's size where it is given, and the header's checksum.
    at += 4 + 2 + ((flags & 8) === 0 ? 0 : 8) + 1
    const frameStart = out.length
    for (;;) {
      const size = word(at)
      at += 4
      if (size === 0) break
      const length = size & 0x7fffffff
      if (at + length > data.length) throw damaged()
      const block = data.subarray(at, at + length)
      if (size >= 0x80000000) {
        reserve(out, length)
        out.bytes.set(block, out.length)
        out.length += length
      } else decompressBlock(block, out, linked ? frameStart : out.length)
      at += length + ((flags & 0x10) === 0 ? 0 : 4)
    }
    if ((flags & 4) !== 0) at += 4
  }
  return out.bytes.slice(0, out.length)
}
