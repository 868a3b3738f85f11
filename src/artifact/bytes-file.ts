/** A `VerifiedFile` over bytes that are in memory already. */
import type { VerifiedFile } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"

export const bytesFile = (bytes: Uint8Array, path = "bytes"): VerifiedFile => ({
  size: bytes.byteLength,
  read: (offset, length) =>
    offset + length <= bytes.byteLength
      ? Promise.resolve(bytes.slice(offset, offset + length) as Uint8Array<ArrayBuffer>)
      : Promise.reject(
          new ArtifactError({ reason: "invalid", digest: "", path, detail: `ends before byte ${offset + length}` })
        )
})
