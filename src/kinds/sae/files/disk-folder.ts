/** SAE files on disk. */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../../artifact/artifact.ts"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import type { SaeFolder } from "./sae-folder.ts"

const openedFile = (path: string, name: string): VerifiedFile & { readonly close: () => void } => {
  const file = openSync(path, "r")
  return {
    size: statSync(path).size,
    close: () => closeSync(file),
    read: (offset, length) => {
      const bytes = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const got = readSync(file, bytes, done, Math.min(length - done, 2 ** 30), offset + done)
        if (got === 0) break
        done += got
      }
      if (done === length) return Promise.resolve(bytes)
      const detail = `it ends before byte ${offset + length}`
      return Promise.reject(new ArtifactError({ reason: "invalid", digest: "", path: name, detail }))
    }
  }
}

/** A folder's own files, or one file, for readers of formats. */
export const diskFolder = (source: string): SaeFolder => {
  const single = statSync(source).isFile()
  const names = single
    ? [basename(source)]
    : readdirSync(source, { withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map(({ name }) => name)
  return {
    digest: "",
    names,
    open: (name) =>
      Effect.acquireRelease(
        Effect.try({
          try: () => openedFile(single ? source : join(source, name), name),
          catch: (error) => new ArtifactError({ reason: "missing", digest: "", path: name, detail: String(error) })
        }),
        (file) => Effect.sync(file.close)
      )
  }
}
