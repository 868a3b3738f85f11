/** Lets apache-arrow read bodies that are compressed with zstd or LZ4. */
import { zstdDecompressSync } from "node:zlib"
import { CompressionType, compressionRegistry } from "apache-arrow"
import { decompressLz4Frames } from "../../format/lz4-frame.ts"
import { widestWindow } from "./zstd-frames.ts"

export const arrowCodecs = (): void => {
  compressionRegistry.set(CompressionType.ZSTD, {
    decode: (data) => new Uint8Array(zstdDecompressSync(data, { params: widestWindow }))
  })
  compressionRegistry.set(CompressionType.LZ4_FRAME, { decode: decompressLz4Frames })
}
