/**
 * Which commit a revision is, and which files stand there: asked of the hub, or of the cache where there is no network.
 * What a commit holds never changes, so it is asked once and then remembered.
 */
import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { userCache } from "../../project/user-cache.ts"
import { readRef, repoFolder, snapshotFiles } from "./hub-cache.ts"
import type { HubName } from "./hub-name.ts"
import { isCommit } from "./hub-name.ts"
import { OFFLINE_REMEDY } from "./hub-settings.ts"
import { hubFetch, HubProblem, networkProblem, repoPage } from "./hub-request.ts"
import type { HubSettings } from "./hub-settings.ts"
import { writeAtomic } from "../../file/atomic-write.ts"
import { decodeSealed, sealJson } from "../../file/sealed-json.ts"

const HubEntry = Schema.Struct({
  type: Schema.Literals(["file", "directory"]),
  /** In the repository. */
  path: Schema.String,
  size: Schema.Finite,
  /** sha256 where the hub keeps it as a large file, else the git blob's sha1; "" where the cache does not tell. */
  oid: Schema.String
})
export type HubEntry = typeof HubEntry.Type
const decodeListing = decodeSealed(Schema.Array(HubEntry))

export interface HubPlace extends HubName {
  readonly commit: string
}

const attempt = <A>(settings: HubSettings, work: () => Promise<A>): Effect.Effect<A, HubProblem> =>
  Effect.tryPromise({
    try: work,
    catch: (error) => (error instanceof HubProblem ? error : networkProblem(settings, error))
  })

const notCached = (settings: HubSettings, { repo }: HubName, what: string): HubProblem =>
  new HubProblem({
    reason: "missing",
    problem: `${what} of ${repo} is not in the cache ${settings.cache}`,
    remedy: OFFLINE_REMEDY
  })

const askCommit = (settings: HubSettings, name: HubName) =>
  attempt(settings, async () => {
    const { datasetInfo, modelInfo } = await import("@huggingface/hub")
    const { repo, revision } = name
    const asked = { name: repo, revision, hubUrl: settings.endpoint, fetch: hubFetch(settings, name) }
    const { sha } =
      name.type === "dataset"
        ? await datasetInfo({ ...asked, additionalFields: ["sha"] })
        : await modelInfo({ ...asked, additionalFields: ["sha"] })
    if (typeof sha !== "string" || !isCommit(sha)) throw new Error(`it names no commit for ${repo}@${revision}`)
    return sha
  })

/** @param say told where the network is away and the cache's own memory of a branch is used */
export const hubCommit = Effect.fn("hubCommit")(function* (
  settings: HubSettings,
  name: HubName,
  say: (line: string) => void
) {
  const { revision, repo } = name
  if (isCommit(revision)) return revision
  const known = yield* Effect.promise(() => readRef(settings.cache, name, revision))
  if (settings.offline) return known ?? (yield* notCached(settings, name, `revision ${revision}`))
  return yield* askCommit(settings, name).pipe(
    Effect.catch((error) => {
      if (error.reason !== "network" || known === undefined) return Effect.fail(error)
      say(`${settings.endpoint} cannot be reached: ${repo}@${revision} is taken as the commit ${known} of the cache`)
      return Effect.succeed(known)
    })
  )
})

const listingPath = (place: HubPlace, folder: string, recursive: boolean): string => {
  const name = createHash("sha256")
    .update(JSON.stringify([folder, recursive]))
    .digest("hex")
    .slice(0, 16)
  return join(userCache(), "hub", basename(repoFolder("", place)), place.commit, `${name}.json`)
}

const readListing = async (path: string): Promise<ReadonlyArray<HubEntry> | undefined> => {
  const text = await readFile(path, "utf8").catch(() => "")
  return Option.getOrUndefined(decodeListing(text))
}

/** Failing to remember costs a request, nothing else. */
const remember = (path: string, entries: ReadonlyArray<HubEntry>): Promise<void> =>
  writeAtomic(path, sealJson(JSON.stringify(entries))).catch(() => {})

const askFiles = (settings: HubSettings, place: HubPlace, folder: string, recursive: boolean) =>
  attempt(settings, async () => {
    const { listFiles } = await import("@huggingface/hub")
    const entries: Array<HubEntry> = []
    const path = folder.split("/").map(encodeURIComponent).join("/")
    for await (const { type, path: file, size, oid = "", lfs } of listFiles({
      repo: { type: place.type, name: place.repo },
      revision: place.commit,
      hubUrl: settings.endpoint,
      fetch: hubFetch(settings, place),
      recursive,
      ...(folder === "" ? {} : { path })
    })) {
      if (type === "unknown") continue
      if (file.split("/").some((part) => part === ".." || part === "")) throw new Error(`a file is named ${file}`)
      entries.push({ type, path: file, size: lfs?.size ?? size, oid: lfs?.oid ?? oid })
    }
    return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  })

const cachedEntries = async (settings: HubSettings, place: HubPlace, folder: string, recursive: boolean) => {
  const start = folder === "" ? "" : `${folder}/`
  const files = await snapshotFiles(settings.cache, place, place.commit)
  return files
    .filter(({ path }) => path.startsWith(start) && (recursive || !path.slice(start.length).includes("/")))
    .map(({ path, size, oid }): HubEntry => ({ type: "file", path, size, oid: oid ?? "" }))
}

/** Entries of a folder of the repository at a commit, by path. */
export const hubEntries = Effect.fn("hubEntries")(function* (
  settings: HubSettings,
  place: HubPlace,
  folder: string,
  recursive: boolean
) {
  const path = listingPath(place, folder, recursive)
  const remembered = yield* Effect.promise(() => readListing(path))
  if (remembered !== undefined) return remembered
  const cached = Effect.promise(() => cachedEntries(settings, place, folder, recursive))
  if (settings.offline) {
    const entries = yield* cached
    return entries.length > 0 ? entries : yield* notCached(settings, place, `commit ${place.commit}`)
  }
  return yield* askFiles(settings, place, folder, recursive).pipe(
    Effect.tap((entries) => Effect.promise(() => remember(path, entries))),
    Effect.catch((error) => {
      if (error.reason === "missing" && folder !== "") {
        return Effect.fail(
          new HubProblem({
            reason: "missing",
            problem: `${place.repo}@${place.revision} has no folder ${folder}`,
            remedy: `see ${repoPage(settings, place)}/tree/${place.commit}`
          })
        )
      }
      if (error.reason !== "network") return Effect.fail(error)
      return Effect.flatMap(cached, (entries) => (entries.length > 0 ? Effect.succeed(entries) : Effect.fail(error)))
    })
  )
})
