/** Files are harmless here, and the limits set low: what ends a process is the limit, not the file. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { bytesFile } from "../../../src/artifact/bytes-file.ts"
import { confinedFile, type ReadingLimits } from "../../../src/text/documents/confined-file.ts"

const usual: ReadingLimits = { seconds: 60, secondsPerMiB: 1, bytes: 2 ** 30, bytesPerByte: 24 }
const file = (name: string, limits: Partial<ReadingLimits> = {}, bytes?: Uint8Array) =>
  confinedFile({
    file: bytesFile(bytes ?? new Uint8Array(readFileSync(join(import.meta.dirname, "../fixtures", name))), name),
    name,
    field: null,
    format: name.endsWith(".parquet") ? "parquet" : "arrow",
    limits: { ...usual, ...limits }
  })

const texts = async (
  name: string,
  limits: Partial<ReadingLimits> = {},
  wanted: (index: number) => boolean = () => true
) => {
  const found: Array<number> = []
  for await (const { index } of file(name, limits).read(wanted)) found.push(index)
  return found
}

describe("a file that a library decodes", () => {
  it.each(["snappy.parquet", "stream.arrow"])(
    "%s is counted and read in a process of its own, as often as asked",
    async (name) => {
      const count = await file(name).count()
      expect(count).toBeGreaterThan(3)
      expect(await texts(name)).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(await texts(name, {}, (index) => index % 3 === 1)).toEqual(
        Array.from({ length: count }, (_, i) => i).filter((index) => index % 3 === 1)
      )
      for await (const { index } of file(name).read(() => true)) if (index === 1) break
      expect(await file(name).count()).toBe(count)
    }
  )

  it("is ended where it takes more time or memory than its size lets expect, and the next one is read", async () => {
    await expect(texts("snappy.parquet", { seconds: -60, secondsPerMiB: 0 })).rejects.toMatchObject({
      message: expect.stringMatching(
        /^snappy\.parquet: reading it as Parquet was ended: it took more than -60\.0 s of computing, for 7\.0 KiB$/
      ),
      remedy: expect.stringContaining("It is damaged")
    })
    await expect(texts("stream.arrow", { bytes: -(2 ** 24), bytesPerByte: 0 })).rejects.toMatchObject({
      message: expect.stringContaining("stream.arrow: reading it as Arrow was ended: it took more than")
    })
    expect(await file("snappy.parquet").count()).toBeGreaterThan(3)
  })

  it("says what is wrong with it in words of its own, and passes on what reading its bytes rejected with", async () => {
    const cut = new Uint8Array(readFileSync(join(import.meta.dirname, "../fixtures", "zstd.parquet"))).slice(0, 3000)
    await expect(file("zstd.parquet", {}, cut).count()).rejects.toMatchObject({
      message: expect.stringMatching(/^zstd\.parquet: cannot be read as Parquet: /)
    })
    const broken = { size: 4096, read: () => Promise.reject(new Error("the disk is gone")) }
    const reading = confinedFile({ file: broken, name: "a.arrow", field: null, format: "arrow" }).count()
    await expect(reading).rejects.toThrow("the disk is gone")
  })
})

it.runIf(existsSync("/proc/self/status"))("a process that nobody needs is gone after a while", async () => {
  await file("snappy.parquet").count()
  const ofUs = (pid: string): boolean => {
    try {
      const mine = readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[3] === String(process.pid)
      return mine && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("document-reader")
    } catch {
      return false
    }
  }
  const children = () => readdirSync("/proc").filter((name) => /^\d+$/.test(name) && ofUs(name))
  expect(children().length).toBeGreaterThan(0)
  await expect.poll(children, { timeout: 20_000 }).toEqual([])
})
