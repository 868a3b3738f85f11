import { createReadStream, readFileSync, statSync } from "node:fs"

const PIECE = 1 << 20

/**
 * The bytes of a file in pieces of at most 1 MiB: files of any size take a few MB of memory. A small one is read whole: a stream
 * takes 1 MiB for each, which of a thousand files is most of the time that reading them takes.
 */
export async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  if (statSync(path).size <= PIECE) yield readFileSync(path)
  else yield* createReadStream(path, { highWaterMark: PIECE }) as AsyncIterable<Uint8Array>
}
