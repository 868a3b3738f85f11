/**
 * Files on disk seen as an artifact, so that a model that is not in the store yet is read by the same code and held to
 * the same checks. Bytes are not compared with digests here: whoever resolved the files has done that, or there are none.
 */
import * as fs from "node:fs/promises"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type { Artifact, VerifiedFile } from "../artifact/artifact.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"

export interface LooseFile {
  /** Name inside the artifact. */
  readonly name: string
  readonly path: string
  /** "" where it is not known. */
  readonly sha256: string
}

const missing = (file: string) => (error: unknown) =>
  new ArtifactError({
    reason: "missing",
    digest: "",
    path: file,
    detail: error instanceof Error ? error.message : String(error)
  })

const attempt = <A>(file: string, work: () => Promise<A>): Effect.Effect<A, ArtifactError> =>
  Effect.tryPromise({ try: work, catch: missing(file) })

const readExactly = async (file: fs.FileHandle, name: string, offset: number, length: number) => {
  const buffer = new Uint8Array(length)
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done)
    if (bytesRead === 0) throw missing(name)(`it ends ${length - done} bytes early`)
    done += bytesRead
  }
  return buffer
}

const openFile = Effect.fnUntraced(function* ({ name, path: place }: LooseFile) {
  const file = yield* Effect.acquireRelease(
    attempt(name, () => fs.open(place)),
    (opened) => Effect.promise(() => opened.close())
  )
  const { size } = yield* attempt(name, () => file.stat())
  const verified: VerifiedFile = { size, read: (offset, length) => readExactly(file, name, offset, length) }
  return verified
})

export const filesArtifact = Effect.fn("filesArtifact")(function* (kind: string, files: ReadonlyArray<LooseFile>) {
  const find = (name: string): Effect.Effect<LooseFile, ArtifactError> => {
    const found = files.find((file) => file.name === name)
    return found === undefined ? Effect.fail(missing(name)("there is no such file")) : Effect.succeed(found)
  }
  const read = (name: string) =>
    find(name).pipe(Effect.flatMap((file) => attempt(name, async () => new Uint8Array(await fs.readFile(file.path)))))
  const listed = yield* Effect.forEach(files, ({ name, path: place, sha256 }) =>
    Effect.map(
      attempt(name, () => fs.stat(place)),
      ({ size }) => ({ path: name, size, sha256 })
    )
  )
  const artifact: Artifact = {
    digest: "",
    kind,
    metrics: {},
    unmeasured: {},
    files: listed,
    has: (name) => files.some((file) => file.name === name),
    read,
    readText: (name) => Effect.map(read(name), (bytes) => new TextDecoder().decode(bytes)),
    open: (name) => Effect.flatMap(find(name), openFile),
    copyTo: (directory) =>
      attempt(directory, async () => {
        for (const file of files) {
          const target = path.join(directory, file.name)
          await fs.mkdir(path.dirname(target), { recursive: true })
          await fs.copyFile(file.path, target)
        }
      })
  }
  return artifact
})

/** The files of a folder, without those below it. */
export const folderFiles = (directory: string): Effect.Effect<ReadonlyArray<LooseFile>, ArtifactError> =>
  attempt(directory, async () => {
    const entries = await fs.readdir(directory, { withFileTypes: true })
    return entries
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map(({ name }) => ({ name, path: path.join(directory, name), sha256: "" }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  })
