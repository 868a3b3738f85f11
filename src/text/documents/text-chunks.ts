/** The text of a file in pieces of a few MiB, decompressed, its line ends `\n` and without a byte-order mark. */
import { pipeline, Readable, type Transform } from "node:stream"
import { createGunzip, createZstdDecompress } from "node:zlib"
import type { VerifiedFile } from "../../artifact/artifact.ts"
import { DocumentProblem } from "./document-file.ts"
import { widestWindow, zstdFrames } from "./zstd-frames.ts"

/** As long as a verified chunk, and read at the same places: each is then checked and read once. */
const pieceBytes = 4 * 1024 * 1024

const pieces = async function* (
  file: VerifiedFile,
  start = 0,
  end = file.size
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = start; at < end;) {
    const next = Math.min(end, (Math.floor(at / pieceBytes) + 1) * pieceBytes)
    yield await file.read(at, next - at)
    at = next
  }
}

const through = async function* (
  bytes: AsyncIterable<Uint8Array>,
  decompressor: Transform
): AsyncGenerator<Uint8Array, void, undefined> {
  // The iteration below sees the first error of either stream.
  pipeline(Readable.from(bytes), decompressor, () => {})
  for await (const piece of decompressor) yield piece as Uint8Array
}

const decompressed = async function* (file: VerifiedFile, name: string): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    if (/\.gz$/i.test(name)) yield* through(pieces(file), createGunzip())
    else if (/\.zst$/i.test(name)) {
      for await (const { start, end } of zstdFrames(file)) {
        yield* through(pieces(file, start, end), createZstdDecompress({ params: widestWindow }))
      }
    } else yield* pieces(file)
  } catch (error) {
    // Errors of zlib have a code; what reading the file failed with is told as it is.
    if (!(error instanceof RangeError || (error instanceof Error && "code" in error))) throw error
    throw new DocumentProblem(
      name,
      `cannot be decompressed: ${error.message}`,
      "Give the whole file, named after how it is compressed."
    )
  }
}

/** @param name its end says how the file is compressed: `.gz`, `.zst` or not at all */
export const textChunks = async function* (file: VerifiedFile, name: string): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder("utf-8", { fatal: true })
  const decode = (bytes: Uint8Array | undefined): string => {
    try {
      return bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true })
    } catch {
      throw new DocumentProblem(name, "is not UTF-8 text", "Convert it to UTF-8, or name the right files with files.")
    }
  }
  // A "\r" at the end of a piece may be the first half of a "\r\n".
  let held = ""
  for await (const bytes of decompressed(file, name)) {
    const text = held + decode(bytes)
    held = text.endsWith("\r") ? "\r" : ""
    const whole = held === "" ? text : text.slice(0, -1)
    if (whole !== "") yield whole.replace(/\r\n?/g, "\n")
  }
  const rest = held + decode(undefined)
  if (rest !== "") yield rest.replace(/\r\n?/g, "\n")
}
