/** Lets apache-arrow read bodies that are compressed with zstd. LZ4 stays unread: no kept library brings it. */
import { zstdCompressSync, zstdDecompressSync } from "node:zlib"
import { CompressionType, compressionRegistry } from "apache-arrow"

export const arrowZstd = (): void => {
  compressionRegistry.set(CompressionType.ZSTD, {
    encode: (data) => new Uint8Array(zstdCompressSync(data)),
    decode: (data) => new Uint8Array(zstdDecompressSync(data))
  })
}
