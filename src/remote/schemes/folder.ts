/** A folder that is shared with others, such as one on NFS. */
import { randomUUID } from "node:crypto"
import { open as openFile, readdir, rm, stat } from "node:fs/promises"
import { dirname, join, relative, resolve, sep } from "node:path"
import * as Effect from "effect/Effect"
import { TEMPORARY, writeAtomic, writeExclusive } from "../../file/atomic-write.ts"
import { isBlobName, type OpenRemote, type Remote } from "../port/remote.ts"
import { RemoteFailed } from "../port/remote-failed.ts"

const codeOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? "unknown"

const tooLarge = (place: string, name: string, limit: number): RemoteFailed =>
  new RemoteFailed({
    reason: "unfit",
    place,
    problem: `${name} has more than the ${limit} bytes that it may have`,
    remedy: "Remove it there: whoever has the result can push it again."
  })

/** The time of the file system's own clock, which need not be this machine's. */
const clockOf = async (folder: string): Promise<number> => {
  const probe = join(folder, TEMPORARY + randomUUID())
  const handle = await openFile(probe, "wx")
  try {
    return (await handle.stat()).mtimeMs
  } finally {
    await handle.close()
    await rm(probe, { force: true })
  }
}

const makeFolderRemote = (folder: string): Remote => {
  const refused = (cause: unknown): RemoteFailed =>
    cause instanceof RemoteFailed
      ? cause
      : new RemoteFailed({
          reason: ["EACCES", "EPERM", "EROFS"].includes(codeOf(cause)) ? "refused" : "unfit",
          place: folder,
          problem: cause instanceof Error ? cause.message : String(cause),
          remedy: "Check the folder, its permissions and the space on its disk."
        })
  const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, RemoteFailed> =>
    Effect.tryPromise({ try: run, catch: refused })
  const pathOf = (name: string): string => join(folder, name)

  const get = async (name: string, limit: number): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const handle = await openFile(pathOf(name), "r").catch((cause: unknown) => {
      if (codeOf(cause) === "ENOENT" || codeOf(cause) === "ENOTDIR") return undefined
      throw cause
    })
    if (handle === undefined) return undefined
    try {
      const { size } = await handle.stat()
      if (size > limit) throw tooLarge(folder, name, limit)
      return new Uint8Array(await handle.readFile())
    } finally {
      await handle.close()
    }
  }

  const ageSeconds = async (name: string): Promise<number | undefined> => {
    const path = pathOf(name)
    try {
      const now = await clockOf(dirname(path))
      return Math.max(0, (now - (await stat(path)).mtimeMs) / 1000)
    } catch (cause) {
      if (codeOf(cause) === "ENOENT") return undefined
      throw cause
    }
  }

  const list = async (prefix: string): Promise<ReadonlyArray<string>> => {
    const entries = await readdir(join(folder, prefix.slice(0, prefix.lastIndexOf("/") + 1)), {
      recursive: true,
      withFileTypes: true
    }).catch((cause: unknown) => {
      if (codeOf(cause) === "ENOENT") return []
      throw cause
    })
    return entries
      .filter((entry) => entry.isFile() && !entry.name.startsWith(TEMPORARY))
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
      .filter((name) => name.startsWith(prefix) && isBlobName(name))
      .toSorted()
  }

  return {
    place: folder,
    get: (name, limit) => attempt(() => get(name, limit)),
    putIfAbsent: (name, bytes) => attempt(() => writeExclusive(pathOf(name), bytes)),
    put: (name, bytes) => attempt(() => writeAtomic(pathOf(name), bytes)),
    ageSeconds: (name) => attempt(() => ageSeconds(name)),
    list: (prefix) => attempt(() => list(prefix)),
    remove: (name) => attempt(() => rm(pathOf(name), { force: true }))
  }
}

export const open: OpenRemote = ({ url, projectDirectory }) => {
  const folder = resolve(projectDirectory, url.replace(/^file:\/\//, ""))
  const unknown = (problem: string): RemoteFailed =>
    // A misspelt path must not become an empty cache that nobody shares.
    new RemoteFailed({
      reason: "unknown",
      place: folder,
      problem,
      remedy: `Correct \`remote: { url: ... }\`, or make the folder: mkdir -p ${folder}`
    })
  return Effect.tryPromise({ try: () => stat(folder), catch: () => unknown("there is no such folder") }).pipe(
    Effect.flatMap((info) =>
      info.isDirectory() ? Effect.succeed(makeFolderRemote(folder)) : Effect.fail(unknown("it is not a folder"))
    )
  )
}
