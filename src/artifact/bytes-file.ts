/** A `VerifiedFile` over bytes that are in memory already. */
import type { VerifiedFile } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"

export const bytesFile = (bytes: Uint8Array, path = "bytes"): VerifiedFile => ({
  size: bytes.byteLength,
  read: (offset, length) =>
    offset + length <= bytes.byteLength
      ? // A copy with memory of its own, which `slice` of a Buffer of Node does not make.
        Promise.resolve(new Uint8Array(bytes.subarray(offset, offset + length)))
      : Promise.reject(
          new ArtifactError({ reason: "invalid", digest: "", path, detail: `ends before byte ${offset + length}` })
        )
})
