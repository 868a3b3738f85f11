/**
 * Where the frames of a zstd file begin and end (RFC 8878, section 3.1). Node's decompressor takes one frame: what follows
 * it in the same piece is dropped without a word, and so is the end of a frame that was cut off.
 */
import { constants } from "node:zlib"
import type { VerifiedFile } from "../../artifact/artifact.ts"

export interface ZstdFrame {
  readonly start: number
  readonly end: number
}

/** For the decompressor: zstd writes windows of up to 2^31 bytes (`--long=31`), its own limit is 2^27. */
export const widestWindow = { [constants.ZSTD_d_windowLogMax]: 31 }

const frameMagic = 0xfd2fb528
const skippableMagic = 0x184d2a50

/** Bytes of the frame's header after the magic number, from its descriptor. */
const headerBytes = (descriptor: number): number => {
  const single = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3] as number
  const flag = descriptor >> 6
  const contentSize = flag === 0 ? (single ? 1 : 0) : 2 ** flag
  return 1 + (single ? 0 : 1) + dictionary + contentSize
}

/** @throws RangeError where the file is none, or ends within a frame */
export const zstdFrames = async function* (file: VerifiedFile): AsyncGenerator<ZstdFrame, void, undefined> {
  const number = async (at: number, length: number): Promise<number> => {
    if (at + length > file.size) throw new RangeError("it ends within a frame")
    return (await file.read(at, length)).reduceRight((value, byte) => value * 256 + byte, 0)
  }
  for (let start = 0; start < file.size;) {
    const magic = await number(start, 4)
    if (magic >= skippableMagic && magic < skippableMagic + 16) {
      start += 8 + (await number(start + 4, 4))
      continue
    }
    if (magic !== frameMagic) throw new RangeError(`there is no frame at byte ${start}`)
    const descriptor = await number(start + 4, 1)
    let at = start + 4 + headerBytes(descriptor)
    for (let last = false; !last;) {
      const block = await number(at, 3)
      last = (block & 1) === 1
      // A block of type 1 is one byte, repeated.
      at += 3 + (((block >> 1) & 3) === 1 ? 1 : block >> 3)
    }
    if ((descriptor & 4) !== 0) at += 4
    if (at > file.size) throw new RangeError("it ends within a frame")
    yield { start, end: at }
    start = at
  }
}
