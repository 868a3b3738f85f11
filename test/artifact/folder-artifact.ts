/**
 * Artifacts in plain folders, for tests of what artifact kinds and stages read and write: a writer into a directory, and
 * a directory as an artifact whose every read is checked against the digests taken when it was opened.
 */
import { createHash } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { cp, mkdir, open, readFile, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import * as Effect from "effect/Effect"
import type { Artifact, ArtifactWriter, VerifiedFile } from "../../src/artifact/artifact.ts"
import { ArtifactError } from "../../src/artifact/artifact-error.ts"
import { canonicalJson } from "../../src/json/canonical-json.ts"

/** A fresh directory that is gone when the scope closes. */
export const temporaryDirectory = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "artifact-"))),
  (directory) => Effect.sync(() => rmSync(directory, { recursive: true, force: true }))
)

const attempt = <A>(path: string, run: () => Promise<A>): Effect.Effect<A, ArtifactError> =>
  Effect.tryPromise({
    try: run,
    catch: (error) =>
      error instanceof ArtifactError
        ? error
        : new ArtifactError({ reason: "missing", digest: "", path, detail: String(error) })
  })

export const folderWriter = (directory: string): ArtifactWriter => {
  const path = (name: string) =>
    attempt(name, async () => {
      await mkdir(dirname(join(directory, name)), { recursive: true })
      return join(directory, name)
    })
  const write = (name: string, content: Uint8Array | string) =>
    Effect.flatMap(path(name), (target) => attempt(name, () => writeFile(target, content)))
  return { directory, path, write, writeJson: (name, value) => write(name, `${canonicalJson(value)}\n`) }
}

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .toSorted()

export interface FolderArtifact extends Artifact {
  /** Bytes read so far, and the largest single read. */
  readonly reads: { bytes: number; largest: number }
}

export const folderArtifact = (directory: string, kind: string): FolderArtifact => {
  const files = filesBelow(directory).map((path) => {
    const bytes = readFileSync(join(directory, path))
    return { path, size: bytes.length, sha256: sha256(bytes) }
  })
  const digest = sha256(Buffer.from(canonicalJson(files)))
  const reads = { bytes: 0, largest: 0 }
  const damaged = (path: string) =>
    new ArtifactError({ reason: "damaged", digest, path, detail: "its bytes differ from its digest" })
  const read = (path: string) =>
    attempt(path, async () => {
      const bytes = new Uint8Array(await readFile(join(directory, path)))
      if (sha256(bytes) !== files.find((file) => file.path === path)?.sha256) throw damaged(path)
      return bytes
    })
  const openFile = (path: string) =>
    Effect.map(
      Effect.acquireRelease(
        attempt(path, () => open(join(directory, path))),
        (file) => Effect.promise(() => file.close())
      ),
      (file): VerifiedFile => ({
        size: statSync(join(directory, path)).size,
        read: async (offset, length) => {
          const bytes = new Uint8Array(length)
          const { bytesRead } = await file.read(bytes, 0, length, offset)
          if (bytesRead !== length) throw damaged(path)
          reads.bytes += length
          reads.largest = Math.max(reads.largest, length)
          return bytes
        }
      })
    )
  return {
    digest,
    kind,
    metrics: {},
    unmeasured: {},
    files,
    reads,
    has: (path) => files.some((file) => file.path === path),
    read,
    readText: (path) => Effect.map(read(path), (bytes) => new TextDecoder().decode(bytes)),
    open: openFile,
    copyTo: (target) => attempt(target, () => cp(directory, target, { recursive: true }))
  }
}
