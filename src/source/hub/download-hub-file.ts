/**
 * Brings a file of the hub into the cache: goes on where an earlier download stopped (`blobs/<oid>.incomplete`), checks
 * the whole against the digest under which it was planned, and only then gives it its name.
 */
import { createHash, type Hash } from "node:crypto"
import { createReadStream, existsSync } from "node:fs"
import { open, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { pipeline } from "node:stream/promises"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { workOnce } from "../../file/work-once.ts"
import { blobPath, linkSnapshot, repoFolder, snapshotPath, writeRef } from "./hub-cache.ts"
import type { HubFile } from "./hub-file.ts"
import { OFFLINE_REMEDY } from "./hub-settings.ts"
import { hubFetch, HubProblem, networkProblem, repoPage } from "./hub-request.ts"
import type { HubSettings } from "./hub-settings.ts"
import { makeDirectory } from "../../file/make-directory.ts"

/** Git names a blob by the sha1 of this header and the content. */
const startHash = ({ oid, size }: HubFile): Hash =>
  oid.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`)

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0
  )

const fileUrl = (settings: HubSettings, file: HubFile): string => {
  const path = file.path.split("/").map(encodeURIComponent).join("/")
  return `${repoPage(settings, file)}/resolve/${file.commit}/${path}`
}

const damaged = (file: HubFile, problem: string): HubProblem =>
  new HubProblem({
    reason: "damaged",
    problem: `${file.path} of ${file.repo} ${problem}`,
    remedy: "what was fetched is thrown away; run again"
  })

/** A full or read-only disk: nothing that fetching again would mend. */
const unwritable = (path: string, error: NodeJS.ErrnoException): HubProblem =>
  new HubProblem({
    reason: "refused",
    problem: `${path} cannot be written: ${error.message}`,
    remedy: "make room or give another folder in HF_HUB_CACHE"
  })

const isDiskError = (error: unknown): error is NodeJS.ErrnoException =>
  /^(ENOSPC|EDQUOT|EROFS|EACCES|EPERM|EIO)$/.test(String((error as NodeJS.ErrnoException | null)?.code))

type OnBytes = (done: number, total: number) => void

/** What is there already goes through the hash; the rest is fetched behind it. */
const fetchRest = async (settings: HubSettings, file: HubFile, incomplete: string, onBytes: OnBytes): Promise<void> => {
  let have = await sizeOf(incomplete)
  if (have > file.size) {
    await rm(incomplete)
    have = 0
  }
  let hash = startHash(file)
  if (have > 0) await pipeline(createReadStream(incomplete), hash, { end: false })
  if (have < file.size) {
    const headers = have === 0 ? {} : { Range: `bytes=${have}-` }
    const response = await hubFetch(settings, file)(fileUrl(settings, file), { headers })
    const continued = response.status === 206 && response.headers.get("content-range")?.startsWith(`bytes ${have}-`)
    if (have > 0 && continued !== true) {
      have = 0
      hash = startHash(file)
    }
    if (response.body === null) throw damaged(file, "came without content")
    const target = await open(incomplete, continued === true ? "a" : "w")
    // Chunk by chunk, each written before the next is taken: what has come when the connection ends is kept.
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        have += chunk.length
        if (have > file.size) throw damaged(file, `is longer than the ${file.size} bytes that the hub lists`)
        hash.update(chunk)
        await target.writeFile(chunk)
        onBytes(have, file.size)
      }
    } finally {
      await target.close()
    }
    if (have < file.size) throw new Error(`the connection ended after ${have} of ${file.size} bytes of ${file.path}`)
  }
  if (hash.digest("hex") === file.oid) return
  throw damaged(file, "does not have the digest that the hub lists")
}

const fetchBlob = (settings: HubSettings, file: HubFile, blob: string, onBytes: OnBytes) => {
  const incomplete = `${blob}.incomplete`
  return Effect.tryPromise({
    try: async () => {
      await makeDirectory(dirname(blob))
      await fetchRest(settings, file, incomplete, onBytes).catch(async (error: unknown) => {
        if (error instanceof HubProblem && error.reason === "damaged") await rm(incomplete, { force: true })
        throw error
      })
      await rename(incomplete, blob)
    },
    catch: (error) => {
      if (error instanceof HubProblem) return error
      return isDiskError(error) ? unwritable(blob, error) : networkProblem(settings, error)
    }
  }).pipe(
    Effect.retry({
      schedule: Schedule.exponential("500 millis").pipe(Schedule.jittered),
      times: 4,
      while: ({ reason }) => reason === "network" || reason === "busy"
    })
  )
}

/** Gives the file's path in the cache; a file that is there is not fetched. */
export const downloadHubFile = Effect.fn("downloadHubFile")(function* (
  settings: HubSettings,
  file: HubFile,
  onBytes: OnBytes = () => {}
) {
  const { cache } = settings
  const path = snapshotPath(cache, file)
  if (existsSync(path)) {
    yield* Effect.promise(() => writeRef(cache, file).catch(() => {}))
    return path
  }
  const blob = blobPath(cache, file)
  if (!existsSync(blob)) {
    if (settings.offline) {
      return yield* new HubProblem({
        reason: "missing",
        problem: `${file.path} of ${file.repo} is not in the cache ${cache}`,
        remedy: OFFLINE_REMEDY
      })
    }
    // Beside the Python library's own locks, which are files.
    const lease = join(cache, ".locks", basename(repoFolder(cache, file)), `${file.oid}.download`)
    yield* Effect.tryPromise({
      try: () => makeDirectory(dirname(lease)),
      catch: (error) => unwritable(cache, error as NodeJS.ErrnoException)
    })
    yield* workOnce(lease, {
      done: () => existsSync(blob),
      onWait: () => {},
      purpose: `the download of ${file.path}`,
      work: fetchBlob(settings, file, blob, onBytes)
    }).pipe(Effect.catchTag("Unwritable", (error) => Effect.fail(unwritable(blob, new Error(error.message)))))
  }
  return yield* Effect.tryPromise({
    try: () => linkSnapshot(cache, file),
    catch: (error) => unwritable(path, error as NodeJS.ErrnoException)
  })
})
