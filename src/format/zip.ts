/**
 * Zip archives as numpy and PyTorch write them: reading by the central directory with every limit checked, writing
 * without compression and without times, so that equal entries are equal bytes.
 *
 * Source: PKWARE APPNOTE 6.3.10, sections 4.3 (layout), 4.5.3 (zip64).
 */
import { crc32, inflateRawSync } from "node:zlib"
import type { VerifiedFile } from "../artifact/artifact.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"

export interface ZipEntry {
  readonly name: string
  /** Bytes once unpacked. */
  readonly size: number
}

export interface Zip {
  readonly entries: ReadonlyMap<string, ZipEntry>
  /** The entry's bytes, unpacked, their CRC checked, in a buffer of their own. */
  readonly read: (name: string) => Promise<Uint8Array<ArrayBuffer>>
}

interface Located extends ZipEntry {
  readonly method: number
  readonly packed: number
  readonly offset: number
  readonly crc: number
}

/** Largest end record: 22 bytes and a comment of 65,535. */
const maxEnd = 22 + 0xffff
/** A directory of a million entries; those of SAEs have tens. */
const maxDirectory = 2 ** 26

const u64 = (view: DataView, at: number): number => {
  const value = view.getBigUint64(at, true)
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.POSITIVE_INFINITY : Number(value)
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** Where the directory is, or the reason why this is no zip file. */
const findDirectory = async (file: VerifiedFile): Promise<{ offset: number; size: number; count: number } | string> => {
  const tail = Math.min(file.size, maxEnd)
  const start = file.size - tail
  const view = viewOf(await file.read(start, tail))
  let at = tail - 22
  while (at >= 0 && !(view.getUint32(at, true) === 0x06054b50 && view.getUint16(at + 20, true) === tail - at - 22)) at--
  if (at < 0) return "it is no zip file"
  const plain = {
    count: view.getUint16(at + 10, true),
    size: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true)
  }
  const wide = plain.count === 0xffff || plain.size === 0xffffffff || plain.offset === 0xffffffff
  if (!wide || at < 20 || view.getUint32(at - 20, true) !== 0x07064b50) return plain
  const record = u64(view, at - 20 + 8)
  if (record + 56 > file.size) return "its zip64 end record is beyond the file"
  const end = viewOf(await file.read(record, 56))
  if (end.getUint32(0, true) !== 0x06064b50) return "its zip64 end record is damaged"
  return { count: u64(end, 32), size: u64(end, 40), offset: u64(end, 48) }
}

const decodeName = (bytes: Uint8Array): string | undefined => {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** Entries of the directory, or the reason why it is wrong. */
const parseDirectory = (bytes: Uint8Array, count: number, fileSize: number): ReadonlyMap<string, Located> | string => {
  const view = viewOf(bytes)
  const entries = new Map<string, Located>()
  let at = 0
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) return "its directory is damaged"
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)]
    const crc = view.getUint32(at + 16, true)
    const fields = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)]
    const [nameBytes, extraBytes] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)]
    const next = at + 46 + nameBytes + extraBytes + view.getUint16(at + 32, true)
    if (next > bytes.length) return "its directory is damaged"
    const name = decodeName(bytes.subarray(at + 46, at + 46 + nameBytes))
    if (name === undefined) return "an entry's name is not UTF-8"
    // zip64: an extra field of id 1 holds, in this order, those of the three numbers that are all ones.
    for (let x = at + 46 + nameBytes; x + 4 <= at + 46 + nameBytes + extraBytes;) {
      const [id, length] = [view.getUint16(x, true), view.getUint16(x + 2, true)]
      if (x + 4 + length > at + 46 + nameBytes + extraBytes) break
      let field = x + 4
      for (let f = 0; f < 3; f++) {
        if (id !== 1 || fields[f] !== 0xffffffff || field + 8 > x + 4 + length) continue
        fields[f] = u64(view, field)
        field += 8
      }
      x += 4 + length
    }
    const [size, packed, offset] = fields as [number, number, number]
    if ((flags & 1) !== 0) return `entry ${name} is encrypted`
    if (method !== 0 && method !== 8) return `entry ${name} uses compression method ${method}; 0 and 8 can be read`
    if (method === 0 && size !== packed) return `entry ${name} is stored, but in ${packed} bytes of ${size}`
    // Deflate packs 1032 to one at best: a greater claim is a bomb.
    if (size > 1032 * packed + 64) return `entry ${name} claims ${size} bytes from ${packed}`
    if (offset + 30 + packed > fileSize) return `entry ${name} is beyond the file`
    if (entries.has(name)) return `entry ${name} stands twice`
    entries.set(name, { name, method, packed, size, offset, crc })
    at = next
  }
  return entries
}

const inflate = (bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> | undefined => {
  try {
    return new Uint8Array(inflateRawSync(bytes, { maxOutputLength: Math.max(1, size) }))
  } catch {
    return undefined
  }
}

/** @param path name of the file, for messages. Rejects with an `ArtifactError`. */
export const openZip = async (file: VerifiedFile, path: string, digest = ""): Promise<Zip> => {
  const fail = (detail: string) => new ArtifactError({ reason: "invalid", digest, path, detail })
  if (file.size < 22) throw fail("it is no zip file")
  const place = await findDirectory(file)
  if (typeof place === "string") throw fail(place)
  if (place.offset + place.size > file.size || place.size > maxDirectory || place.count * 46 > place.size) {
    throw fail("its directory is beyond the file")
  }
  const entries = parseDirectory(await file.read(place.offset, place.size), place.count, file.size)
  if (typeof entries === "string") throw fail(entries)
  return {
    entries,
    read: async (name) => {
      const entry = entries.get(name)
      if (entry === undefined) throw fail(`it has no entry ${name}`)
      const header = viewOf(await file.read(entry.offset, 30))
      if (header.getUint32(0, true) !== 0x04034b50) throw fail(`entry ${name} has no header`)
      const start = entry.offset + 30 + header.getUint16(26, true) + header.getUint16(28, true)
      if (start + entry.packed > file.size) throw fail(`entry ${name} is beyond the file`)
      const packed = await file.read(start, entry.packed)
      const bytes = entry.method === 0 ? packed : inflate(packed, entry.size)
      if (bytes === undefined || bytes.length !== entry.size) throw fail(`entry ${name} cannot be unpacked`)
      if (crc32(bytes) !== entry.crc) throw fail(`entry ${name} does not have the CRC that the archive states`)
      return bytes.byteOffset % 8 === 0 ? bytes : bytes.slice()
    }
  }
}

export interface ZipContent {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface ZipStyle {
  /** Contents start at multiples of this, by an extra field of padding. */
  readonly align: number
  /** DOS date of every entry. numpy states 1980-01-01 (0x21). */
  readonly date: number
  /** The sizes of the local header in a zip64 field, as Python's zipfile writes them for streams. */
  readonly zip64: boolean
  /** Version made by and permissions (central directory), as the imitated writer states them. */
  readonly madeBy: number
  readonly attributes: number
}

/**
 * The bytes of an archive with these entries, stored, in this order.
 *
 * @throws RangeError above 4 GiB: the plain directory has 32 bits for an offset
 */
export const encodeZip = (contents: ReadonlyArray<ZipContent>, style: ZipStyle): Uint8Array<ArrayBuffer> => {
  const parts: Array<Uint8Array> = []
  const directory: Array<Uint8Array> = []
  let at = 0
  const version = style.zip64 ? 45 : 20
  const push = (bytes: Uint8Array): void => {
    parts.push(bytes)
    at += bytes.length
  }
  for (const { name, bytes } of contents) {
    const nameBytes = new TextEncoder().encode(name)
    const flags = nameBytes.length === name.length ? 0 : 0x800
    const crc = crc32(bytes)
    const extra = localExtra(at + 30 + nameBytes.length, bytes.length, style)
    const offset = at
    const local = new Uint8Array(30)
    const view = viewOf(local)
    view.setUint32(0, 0x04034b50, true)
    view.setUint16(4, version, true)
    view.setUint16(6, flags, true)
    view.setUint16(12, style.date, true)
    view.setUint32(14, crc, true)
    view.setUint32(18, style.zip64 ? 0xffffffff : bytes.length, true)
    view.setUint32(22, style.zip64 ? 0xffffffff : bytes.length, true)
    view.setUint16(26, nameBytes.length, true)
    view.setUint16(28, extra.length, true)
    for (const part of [local, nameBytes, extra, bytes]) push(part)
    if (at > 0xfffffff0) throw new RangeError(`the archive would be ${at} bytes; 4 GiB is the limit of its offsets`)
    const central = new Uint8Array(46 + nameBytes.length)
    const c = viewOf(central)
    c.setUint32(0, 0x02014b50, true)
    c.setUint16(4, style.madeBy, true)
    c.setUint16(6, version, true)
    c.setUint16(8, flags, true)
    c.setUint16(14, style.date, true)
    c.setUint32(16, crc, true)
    c.setUint32(20, bytes.length, true)
    c.setUint32(24, bytes.length, true)
    c.setUint16(28, nameBytes.length, true)
    c.setUint32(38, style.attributes, true)
    c.setUint32(42, offset, true)
    central.set(nameBytes, 46)
    directory.push(central)
  }
  const start = at
  for (const central of directory) push(central)
  const end = new Uint8Array(22)
  const view = viewOf(end)
  view.setUint32(0, 0x06054b50, true)
  view.setUint16(8, contents.length, true)
  view.setUint16(10, contents.length, true)
  view.setUint32(12, at - start, true)
  view.setUint32(16, start, true)
  push(end)
  const result = new Uint8Array(at)
  let offset = 0
  for (const part of parts) {
    result.set(part, offset)
    offset += part.length
  }
  return result
}

/** @param at where the extra field starts */
const localExtra = (at: number, size: number, style: ZipStyle): Uint8Array => {
  if (style.zip64) {
    const field = new Uint8Array(20)
    const view = viewOf(field)
    view.setUint16(0, 1, true)
    view.setUint16(2, 16, true)
    view.setBigUint64(4, BigInt(size), true)
    view.setBigUint64(12, BigInt(size), true)
    return field
  }
  if (style.align <= 1) return new Uint8Array(0)
  // PyTorch's padding: an extra field "FB" of Zs.
  const bytes = (style.align - ((at + 4) % style.align)) % style.align
  const field = new Uint8Array(4 + bytes).fill(0x5a)
  const view = viewOf(field)
  view.setUint16(0, 0x4246, true)
  view.setUint16(2, bytes, true)
  return field
}
