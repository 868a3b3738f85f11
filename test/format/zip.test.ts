import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { deflateRawSync } from "node:zlib"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { bytesFile } from "../../src/artifact/bytes-file.ts"
import { decodeNpy, encodeNpy } from "../../src/format/npy.ts"
import { encodeZip, openZip, type ZipStyle } from "../../src/format/zip.ts"
import { smallSaesRoot } from "../kinds/sae/formats/small-saes.ts"

const styles: ReadonlyArray<ZipStyle> = [
  { align: 64, date: 0, zip64: false, madeBy: 0, attributes: 0 },
  { align: 1, date: 0x21, zip64: true, madeBy: 0x032d, attributes: 0x01800000 }
]

const open = (bytes: Uint8Array) => openZip(bytesFile(bytes, "a.zip"), "a.zip")

describe("zip archives", () => {
  it("give back what was put in, aligned where that was asked for", async () => {
    const entries = fc.uniqueArray(
      fc.record({ name: fc.string({ minLength: 1, maxLength: 12, unit: "grapheme" }), bytes: fc.uint8Array() }),
      { selector: ({ name }) => name, maxLength: 5 }
    )
    await fc.assert(
      fc.asyncProperty(entries, fc.constantFrom(...styles), async (contents, style) => {
        const archive = encodeZip(contents, style)
        const zip = await open(archive)
        expect([...zip.entries.keys()]).toEqual(contents.map(({ name }) => name))
        for (const { name, bytes } of contents) expect(await zip.read(name)).toEqual(new Uint8Array(bytes))
      })
    )
    const archive = Buffer.from(encodeZip([{ name: "x", bytes: Buffer.from("payload") }], styles[0] as ZipStyle))
    expect(archive.indexOf("payload") % 64).toBe(0)
  })

  it("numpy's archive is written to the byte as numpy wrote it", async () => {
    const path = resolve(process.env["FIXTURES_DIR"] ?? "../shared/fixtures", "gemmascope/jumprelu/params.npz")
    let original: Buffer
    try {
      original = readFileSync(path)
    } catch {
      process.stderr.write(`skipped: ${path} is not there\n`)
      return
    }
    const zip = await open(new Uint8Array(original))
    const contents: Array<{ name: string; bytes: Uint8Array }> = []
    for (const name of zip.entries.keys()) {
      const array = decodeNpy(await zip.read(name))
      if (typeof array === "string") throw new Error(array)
      contents.push({ name, bytes: encodeNpy(array.shape, array.values) })
    }
    expect(Buffer.from(encodeZip(contents, styles[1] as ZipStyle)).equals(original)).toBe(true)
  })

  it("a compressed entry is unpacked, and one that claims more than it can hold is a bomb", async () => {
    const bytes = Buffer.from("abc".repeat(1000))
    const packed = deflateRawSync(bytes)
    const archive = Buffer.from(encodeZip([{ name: "x", bytes: packed }], { ...(styles[0] as ZipStyle), align: 1 }))
    const central = archive.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]))
    archive.writeUInt16LE(8, central + 10)
    archive.writeUInt32LE(bytes.length, central + 24)
    // The CRC is of what it unpacks to; the one in place is of the packed bytes.
    await expect(open(archive).then((zip) => zip.read("x"))).rejects.toThrow(/does not have the CRC/)
    archive.writeUInt32LE(0x7fffffff, central + 24)
    await expect(open(archive)).rejects.toThrow(/claims 2147483647 bytes from/)
  })

  it("what is wrong is named", async () => {
    const good = encodeZip([{ name: "x", bytes: Buffer.from("hello") }], styles[0] as ZipStyle)
    const twice = encodeZip(
      [
        { name: "x", bytes: Buffer.from("1") },
        { name: "x", bytes: Buffer.from("2") }
      ],
      styles[0] as ZipStyle
    )
    await expect(open(twice)).rejects.toThrow(/entry x stands twice/)
    await expect(open(good.slice(0, good.length - 4))).rejects.toThrow(/no zip file/)
    const flipped = good.slice()
    flipped[64] = (flipped[64] as number) ^ 1
    await expect(open(flipped).then((zip) => zip.read("x"))).rejects.toThrow(/does not have the CRC/)
    const encrypted = Buffer.from(good)
    encrypted.writeUInt16LE(1, encrypted.lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2])) + 8)
    await expect(open(encrypted)).rejects.toThrow(/encrypted/)
  })

  it("any damage to an archive is an error of the artifact or leaves it readable", async () => {
    const whole = new Uint8Array(readFileSync(join(smallSaesRoot, "dictionary_learning/AutoEncoder/ae.pt")))
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const bytes = whole.slice()
        bytes[at] = byte
        try {
          const zip = await open(bytes)
          for (const name of zip.entries.keys()) await zip.read(name)
        } catch (error) {
          expect((error as { _tag?: string })._tag).toBe("ArtifactError")
        }
      }),
      { numRuns: 500 }
    )
  })
})

describe(".npy arrays", () => {
  it("give back what was put in", () => {
    fc.assert(
      fc.property(fc.nat(6), fc.nat(6), fc.boolean(), (rows, columns, flat) => {
        const shape = flat ? [rows * columns] : [rows, columns]
        const values = Float32Array.from({ length: rows * columns }, (_, i) => i / 3)
        expect(decodeNpy(encodeNpy(shape, values))).toEqual({ shape, dtype: "float32", values })
        // As a file is read: a Buffer, within other memory.
        const buffer = Buffer.from(encodeNpy(shape, values))
        expect(decodeNpy(buffer)).toEqual({ shape, dtype: "float32", values })
      })
    )
  })

  it("Fortran order is turned, other types and other headers are refused", () => {
    const bytes = encodeNpy([2, 3], Float32Array.of(1, 2, 3, 4, 5, 6))
    const edited = (from: string, to: string) => {
      const copy = Buffer.from(bytes)
      const at = copy.indexOf(from)
      copy.write(to, at, "latin1")
      return new Uint8Array(copy)
    }
    // Columns after one another: [[1, 3, 5], [2, 4, 6]].
    expect(decodeNpy(edited("False,", "True, "))).toMatch(/not that of a plain array/)
    const fortran = edited("'fortran_order': False, 'shape': (2, 3), }", "'fortran_order': True, 'shape': (2, 3), } ")
    expect((decodeNpy(fortran) as { values: Float32Array }).values).toEqual(Float32Array.of(1, 3, 5, 2, 4, 6))
    expect(decodeNpy(edited("<f4", ">f4"))).toMatch(/dtype is >f4/)
    expect(decodeNpy(edited("<f4", "|O8"))).toMatch(/dtype is \|O8/)
    expect(decodeNpy(edited("(2, 3)", "(9, 3)"))).toMatch(/does not fit/)
  })
})

it("what is read of bytes in memory has memory of its own, also where they are a Buffer", async () => {
  const read = await bytesFile(Buffer.from([1, 2, 3, 4, 5])).read(1, 3)
  expect(read.buffer.byteLength).toBe(3)
  expect([...new Uint8Array(read.buffer)]).toEqual([2, 3, 4])
})
