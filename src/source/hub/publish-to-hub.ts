/**
 * Puts the files of a folder into a repository of the hub, in one commit: all of them, or none. Large files go by the LFS protocol,
 * which every hub speaks, and which skips what it has already.
 */
import { createHash } from "node:crypto"
import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import type { HubName } from "./hub-name.ts"
import { hubFetch, HubProblem, networkProblem, repoPage } from "./hub-request.ts"
import { OFFLINE_REMEDY, type HubSettings } from "./hub-settings.ts"

export interface Publication {
  /** The files are put at its `path`, on its `revision`, a branch. */
  readonly to: HubName
  readonly directory: string
  /** Paths below `directory`. */
  readonly files: ReadonlyArray<string>
  /** The commit's message. */
  readonly title: string
  /** Of a repository that is made: one that is there stays as it is. */
  readonly visibility: "public" | "private"
}

export interface Published {
  /** The page of what was published. */
  readonly page: string
  /** Whether the repository was made for it. */
  readonly made: boolean
  /** Files of the commit; none where the repository has them all already, and no commit was made. */
  readonly files: number
}

/** What the hub names a file by: the sha256 of a large one, or the sha1 of a git blob. */
const oidOf = async (path: string, large: boolean): Promise<string> => {
  const { size } = await stat(path)
  const hash = large ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`)
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer)
  return hash.digest("hex")
}

const isMissing = (error: HubProblem): boolean => error.reason === "missing"

/** Fails with a `HubProblem`: no network, no token, one that may not write, a hub that refuses. */
export const publishToHub = Effect.fn("publishToHub")(function* (settings: HubSettings, publication: Publication) {
  const { to, directory, title, visibility } = publication
  if (settings.offline) {
    return yield* new HubProblem({
      reason: "network",
      problem: `nothing is published to ${to.repo} without a network`,
      remedy: OFFLINE_REMEDY
    })
  }
  if (settings.token() === undefined) {
    return yield* new HubProblem({
      reason: "refused",
      problem: `publishing to ${to.repo} needs a token`,
      remedy: "set HF_TOKEN to one that may write (https://huggingface.co/settings/tokens)"
    })
  }
  const hub = yield* Effect.promise(() => import("@huggingface/hub"))
  const repo = { type: to.type, name: to.repo } as const
  const asked = { repo, hubUrl: settings.endpoint, fetch: hubFetch(settings, to) }
  const ask = <A>(work: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, HubProblem> =>
    Effect.tryPromise({
      try: work,
      catch: (error) => (error instanceof HubProblem ? error : networkProblem(settings, error))
    })

  /** Of the files that stand there, by path. */
  const present = ask(async () => {
    const oids = new Map<string, { readonly oid: string; readonly large: boolean }>()
    const listing = { ...asked, revision: to.revision, recursive: true, ...(to.path === "" ? {} : { path: to.path }) }
    for await (const { path, oid, lfs } of hub.listFiles(listing)) {
      oids.set(path, { oid: lfs?.oid ?? oid ?? "", large: lfs !== undefined })
    }
    return oids
  }).pipe(Effect.catchIf(isMissing, () => Effect.succeed(undefined)))

  const exists = yield* ask(() => hub.checkRepoAccess(asked)).pipe(
    Effect.as(true),
    Effect.catchIf(isMissing, () => Effect.succeed(false))
  )
  // The library insists on a token of its own here; `hubFetch` puts the true one in its place.
  if (!exists) yield* ask(() => hub.createRepo({ ...asked, visibility, accessToken: "hf_" }))
  const there = exists ? yield* present : undefined
  const changed = yield* Effect.filter(
    publication.files.map((file) => ({ file, path: to.path === "" ? file : `${to.path}/${file}` })),
    ({ file, path }) => {
      const known = there?.get(path)
      if (known === undefined) return Effect.succeed(true)
      return Effect.map(
        Effect.promise(() => oidOf(join(directory, file), known.large)),
        (oid) => oid !== known.oid
      )
    }
  )
  if (changed.length > 0) {
    yield* ask((abortSignal) =>
      hub.commit({
        ...asked,
        title,
        branch: to.revision,
        operations: changed.map(({ file, path }) => ({
          operation: "addOrUpdate",
          path,
          content: pathToFileURL(join(directory, file))
        })),
        useXet: false,
        abortSignal
      })
    )
  }
  const page = `${repoPage(settings, to)}/tree/${to.revision}${to.path === "" ? "" : `/${to.path}`}`
  return { page, made: !exists, files: changed.length } satisfies Published
})
