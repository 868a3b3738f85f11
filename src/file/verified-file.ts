/** Random access to a blob; a chunk is checked against its digest the first time that a read touches it. */
import { readSync } from "node:fs"
import type { FileHandle } from "node:fs/promises"
import type { ArtifactFile, VerifiedFile } from "../artifact/artifact.ts"
import { CHUNK_BYTES, sha256Of } from "./hash-file.ts"
import { readAhead } from "./read-ahead.ts"

export interface VerifiedFileOptions {
  readonly handle: FileHandle
  readonly file: ArtifactFile
  /** Called when bytes differ; gives the error to reject with. */
  readonly damaged: (detail: string) => Promise<Error>
  readonly invalid: (detail: string) => Error
}

const readFully = async (handle: FileHandle, target: Uint8Array, position: number): Promise<boolean> => {
  let filled = 0
  while (filled < target.length) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, position + filled)
    if (bytesRead === 0) return false
    filled += bytesRead
  }
  return true
}

export const makeVerifiedFile = ({ handle, file, damaged, invalid }: VerifiedFileOptions): VerifiedFile => {
  const digests = file.chunks ?? [file.sha256]
  const verified = new Uint8Array(digests.length)
  const pending = new Map<number, Promise<Uint8Array>>()

  const chunkBytes = (index: number): number => Math.min(CHUNK_BYTES, file.size - index * CHUNK_BYTES)

  const verify = async (index: number): Promise<Uint8Array> => {
    const bytes = new Uint8Array(chunkBytes(index))
    const complete = await readFully(handle, bytes, index * CHUNK_BYTES)
    if (!complete || sha256Of(bytes) !== digests[index]) {
      const where = digests.length === 1 ? "its content" : `its chunk ${index} (from byte ${index * CHUNK_BYTES})`
      throw await damaged(`${where} differs from its digest`)
    }
    verified[index] = 1
    return bytes
  }

  /** Two reads of a chunk that nobody has checked yet share one check. */
  const checked = (index: number): Promise<Uint8Array> => {
    const running = pending.get(index)
    if (running !== undefined) return running
    const promise = verify(index).finally(() => pending.delete(index))
    pending.set(index, promise)
    return promise
  }

  const read = async (offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (
      !Number.isInteger(offset) ||
      !Number.isInteger(length) ||
      offset < 0 ||
      length < 0 ||
      offset + length > file.size
    )
      throw invalid(`a read of ${length} bytes from ${offset} is outside its ${file.size} bytes`)
    // An empty file has one chunk too, which no read touches.
    if (file.size === 0) await (verified[0] === 1 ? undefined : checked(0))
    const target = new Uint8Array(length)
    for (let at = offset; at < offset + length;) {
      const index = Math.floor(at / CHUNK_BYTES)
      const start = index * CHUNK_BYTES
      const end = Math.min(offset + length, start + chunkBytes(index))
      const part = target.subarray(at - offset, end - offset)
      if (verified[index] === 1) {
        if (!(await readFully(handle, part, at))) throw await damaged("it ends too early")
      } else {
        const chunk = await checked(index)
        part.set(chunk.subarray(at - start, end - start))
      }
      at = end
    }
    return target
  }

  const readAgain: VerifiedFile["readAgain"] = (offset, target) => {
    for (let chunk = Math.floor(offset / CHUNK_BYTES); chunk * CHUNK_BYTES < offset + target.length; chunk++) {
      if (verified[chunk] !== 1) throw invalid(`byte ${chunk * CHUNK_BYTES} was not read before`)
    }
    for (let filled = 0; filled < target.length;) {
      const bytes = readSync(handle.fd, target, filled, target.length - filled, offset + filled)
      if (bytes === 0) throw invalid("it ends too early")
      filled += bytes
    }
  }

  return { size: file.size, read, readAgain, readAhead: readAhead(handle.fd) }
}
