/** sha256 of a file and of each of its 4 MiB chunks, in one pass. */
import { createHash } from "node:crypto"
import { open } from "node:fs/promises"

/** A reader of a few rows has to check one chunk first: small enough for that, large enough for a short list. */
export const CHUNK_BYTES = 4 * 1024 * 1024

export interface FileDigest {
  readonly size: number
  readonly sha256: string
  /** Only for files above one chunk. */
  readonly chunks?: ReadonlyArray<string>
}

export const sha256Of = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex")

export const hashFile = async (path: string, onBytes?: (count: number) => void): Promise<FileDigest> => {
  const handle = await open(path, "r")
  try {
    // Most files are small: they need no room of 4 MiB.
    const small = (await handle.stat()).size < CHUNK_BYTES ? await handle.readFile() : undefined
    if (small !== undefined && small.length <= CHUNK_BYTES) {
      onBytes?.(small.length)
      return { size: small.length, sha256: sha256Of(small) }
    }
    const whole = createHash("sha256")
    const chunks: Array<string> = []
    const buffer = new Uint8Array(CHUNK_BYTES)
    let size = 0
    for (;;) {
      let filled = 0
      while (filled < CHUNK_BYTES) {
        const { bytesRead } = await handle.read(buffer, filled, CHUNK_BYTES - filled, size + filled)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      if (filled === 0) break
      const chunk = buffer.subarray(0, filled)
      whole.update(chunk)
      chunks.push(sha256Of(chunk))
      size += filled
      onBytes?.(filled)
      if (filled < CHUNK_BYTES) break
    }
    const sha256 = whole.digest("hex")
    return chunks.length > 1 ? { size, sha256, chunks } : { size, sha256 }
  } finally {
    await handle.close()
  }
}
