/**
 * Opens files of a resolved source for reading piece by piece, hours perhaps after their digests entered a key. A file is
 * hashed once from beginning to end before anything of it is used, and every piece that is read later is compared with
 * what was hashed: so what is read is what the key says, and memory holds 32 bytes for 4 MiB of it.
 */
import { open } from "node:fs/promises"
import * as Effect from "effect/Effect"
import type { VerifiedFile } from "../artifact/artifact.ts"
import { stageFailed, type StageFailed } from "../stage/stage-failed.ts"
import type { ResolvedSource, SourceFile } from "../stage/source.ts"
import { type FileDigest, hashFile } from "../file/hash-file.ts"
import { makeVerifiedFile } from "../file/verified-file.ts"
import { changedSource, fetchSourceFile, unreadableSource } from "./read-source.ts"

export interface OpenedFile extends VerifiedFile {
  readonly close: () => Promise<void>
}

/** Opening a file again does not hash it again. Opening and reading reject with `StageFailed`. */
export const sourceFiles = (source: ResolvedSource): ((file: SourceFile) => Promise<OpenedFile>) => {
  const digests = new Map<string, FileDigest>()
  return async (file) => {
    const unreadable = (cause: unknown): never => {
      throw unreadableSource(source)(cause)
    }
    const changed = (): StageFailed => changedSource(source, file)
    await Effect.runPromise(fetchSourceFile(file))
    const digest = digests.get(file.path) ?? (await hashFile(file.path).catch(unreadable))
    if (digest.sha256 !== file.sha256) throw changed()
    digests.set(file.path, digest)
    const handle = await open(file.path).catch(unreadable)
    const verified = makeVerifiedFile({
      handle,
      file: { path: file.name, ...digest },
      damaged: () => Promise.resolve(changed()),
      invalid: (detail) => stageFailed(`source ${source.uri}: ${file.name}: ${detail}`)
    })
    return { ...verified, close: () => handle.close() }
  }
}
