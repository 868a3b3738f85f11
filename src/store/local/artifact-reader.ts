/** Reads the files of one artifact out of the objects, in promises: the part of an artifact that touches the disk. */
import { readFileSync, writeFileSync } from "node:fs"
import { link, open, rm } from "node:fs/promises"
import type { FileHandle } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { ArtifactFile, VerifiedFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { CHUNK_BYTES, sha256Of } from "../../file/hash-file.ts"
import { objectPath } from "./layout.ts"
import { quarantineBlob } from "./quarantine.ts"
import { asUnwritable } from "../../file/unwritable.ts"
import { decodeTree } from "./tree.ts"
import type { Tree } from "./tree.ts"
import { makeVerifiedFile } from "../../file/verified-file.ts"
import { inFolder } from "../../file/atomic-write.ts"
import { makeDirectory } from "../../file/make-directory.ts"

/** Path by which errors name the list of files itself. */
export const FILE_LIST = "the file list"

/** What is read in one go, waited for: that takes less time than handing it to another thread. */
const SMALL_BYTES = 256 * 1024

/** Told of every file that could not be read as it was, whatever the reader makes of the error. */
export type OnLoss = (error: ArtifactError) => void

/** Every promise here rejects with an `ArtifactError`. */
export interface ArtifactReader {
  readonly error: (reason: ArtifactError["reason"], path: string, detail: string, blob?: string) => ArtifactError
  readonly tree: () => Promise<Tree>
  /** The caller closes the handle. */
  readonly open: (file: ArtifactFile) => Promise<{ readonly handle: FileHandle; readonly verified: VerifiedFile }>
  readonly read: (file: ArtifactFile) => Promise<Uint8Array<ArrayBuffer>>
  readonly copy: (file: ArtifactFile, directory: string) => Promise<void>
  /** A further name of the blob, or a copy where there cannot be one. */
  readonly link: (file: ArtifactFile, target: string) => Promise<void>
}

export const makeArtifactReader = (root: string, digest: string, onLoss: OnLoss): ArtifactReader => {
  const error: ArtifactReader["error"] = (reason, path, detail, blob) => {
    const made = new ArtifactError({ reason, digest, path, detail, ...(blob === undefined ? {} : { blob }) })
    if (reason === "missing" || reason === "damaged") onLoss(made)
    return made
  }

  const damaged = async (path: string, blob: string, detail: string): Promise<ArtifactError> => {
    const quarantine = await quarantineBlob(root, blob)
    return error("damaged", path, quarantine === undefined ? detail : `${detail}; moved to ${quarantine}`, blob)
  }

  const unreadable = (cause: unknown, path: string, blob: string): ArtifactError => {
    if (cause instanceof ArtifactError) return cause
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      return error("missing", path, "its content is not in the store", blob)
    }
    const refused = asUnwritable(cause, objectPath(root, blob))
    return error("invalid", path, `it cannot be read: ${refused?.message ?? String(cause)}`, blob)
  }

  /** Waited for, as all that is small. */
  const readList = (path: string): Buffer => {
    try {
      return readFileSync(path)
    } catch (cause) {
      throw unreadable(cause, FILE_LIST, digest)
    }
  }

  const tree = async (): Promise<Tree> => {
    const bytes = readList(objectPath(root, digest))
    if (sha256Of(bytes) !== digest) throw await damaged(FILE_LIST, digest, "its content differs from its digest")
    const decoded = decodeTree(bytes)
    if (decoded === undefined) throw error("invalid", FILE_LIST, "this digest is not that of an artifact", digest)
    return decoded
  }

  const openFile: ArtifactReader["open"] = async (file) => {
    let handle: FileHandle | undefined
    try {
      handle = await open(objectPath(root, file.sha256), "r")
      const { size } = await handle.stat()
      if (size !== file.size) {
        throw await damaged(file.path, file.sha256, `it has ${size} bytes instead of ${file.size}`)
      }
    } catch (cause) {
      await handle?.close()
      throw unreadable(cause, file.path, file.sha256)
    }
    const verified = makeVerifiedFile({
      handle,
      file,
      damaged: (detail) => damaged(file.path, file.sha256, detail),
      invalid: (detail) => error("invalid", file.path, detail)
    })
    return { handle, verified }
  }

  /** All of a file that is one small read: undefined where it is not. */
  const readSmall = async (file: ArtifactFile): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    if (file.size > SMALL_BYTES) return undefined
    try {
      const bytes = new Uint8Array(readFileSync(objectPath(root, file.sha256)))
      if (bytes.length !== file.size) {
        throw await damaged(file.path, file.sha256, `it has ${bytes.length} bytes instead of ${file.size}`)
      }
      if (sha256Of(bytes) !== file.sha256) {
        throw await damaged(file.path, file.sha256, "its content differs from its digest")
      }
      return bytes
    } catch (cause) {
      throw unreadable(cause, file.path, file.sha256)
    }
  }

  const withFile = async <A>(file: ArtifactFile, use: (file: VerifiedFile) => Promise<A>): Promise<A> => {
    const { handle, verified } = await openFile(file)
    try {
      return await use(verified)
    } finally {
      await handle.close()
    }
  }

  const copyAs = async (file: ArtifactFile, target: string): Promise<void> => {
    try {
      const small = await readSmall(file)
      if (small !== undefined) return await inFolder(dirname(target), () => writeFileSync(target, small))
      await makeDirectory(dirname(target))
      await withFile(file, async (verified) => {
        const handle = await open(target, "w")
        try {
          // An empty file is read once too, so that its damage is seen.
          for (let at = 0; at === 0 || at < file.size; at += CHUNK_BYTES) {
            await handle.writeFile(await verified.read(at, Math.min(CHUNK_BYTES, file.size - at)))
          }
        } finally {
          await handle.close()
        }
      })
    } catch (cause) {
      if (cause instanceof ArtifactError) throw cause
      throw error("unwritable", target, asUnwritable(cause, target)?.message ?? String(cause))
    }
  }

  const verify = (file: ArtifactFile): Promise<void> =>
    withFile(file, async (verified) => {
      for (let at = 0; at === 0 || at < file.size; at += CHUNK_BYTES) {
        await verified.read(at, Math.min(CHUNK_BYTES, file.size - at))
      }
    })

  const linkAs: ArtifactReader["link"] = async (file, target) => {
    await makeDirectory(dirname(target))
    await rm(target, { force: true })
    // Not every file system has hard links, and those that do have them in limited number.
    const linked = await link(objectPath(root, file.sha256), target).then(
      () => true,
      () => false
    )
    return linked ? verify(file) : copyAs(file, target)
  }

  return {
    error,
    tree,
    open: openFile,
    read: async (file) => (await readSmall(file)) ?? withFile(file, (verified) => verified.read(0, verified.size)),
    copy: (file, directory) => copyAs(file, join(directory, file.path)),
    link: linkAs
  }
}
