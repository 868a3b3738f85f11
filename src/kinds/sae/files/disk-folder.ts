/** SAE files on disk. */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../../../artifact/artifact.ts"
import { ArtifactError } from "../../../artifact/artifact-error.ts"
import { lfsPointer } from "../../../file/lfs-pointer.ts"
import type { SaeFolder } from "./sae-folder.ts"

const openedFile = (path: string, name: string): VerifiedFile & { readonly close: () => void } => {
  const pointer = lfsPointer(path)
  if (pointer !== undefined) throw new ArtifactError({ reason: "invalid", digest: "", path: name, detail: pointer })
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

const filesIn = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory).filter((name) => statSync(join(directory, name), { throwIfNoEntry: false })?.isFile() === true)

const foldersIn = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory).filter(
    (name) => statSync(join(directory, name), { throwIfNoEntry: false })?.isDirectory() === true
  )

const nested =
  (directory: string) =>
  (folder: string): ReadonlyArray<string> =>
    filesIn(join(directory, folder)).map((name) => `${folder}/${name}`)

/** A folder's files and those of the folders in it, or one file, for readers of formats. Links are followed. */
export const diskFolder = (source: string): SaeFolder => {
  const single = statSync(source).isFile()
  const names = single ? [basename(source)] : [...filesIn(source), ...foldersIn(source).flatMap(nested(source))]
  return {
    digest: "",
    place: resolve(source).replaceAll("\\", "/"),
    names,
    open: (name) =>
      Effect.acquireRelease(
        Effect.try({
          try: () => openedFile(single ? source : join(source, name), name),
          catch: (error) =>
            error instanceof ArtifactError
              ? error
              : new ArtifactError({ reason: "missing", digest: "", path: name, detail: String(error) })
        }),
        (file) => Effect.sync(file.close)
      )
  }
}
