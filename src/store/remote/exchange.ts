/** `pipeline cache push` and `pull`: what keys stand for, and the artifacts, between a local store and a remote. */
import * as Effect from "effect/Effect"
import type { RemoteFailed } from "../../remote/port/remote-failed.ts"
import { type Unwritable, unwritable } from "../../file/unwritable.ts"
import { canonicalOf, commitAction, readActions } from "../local/action-log.ts"
import { findLosses } from "../local/find-losses.ts"
import { scanKeys } from "../local/scan.ts"
import { actionsPrefix } from "./layout.ts"
import { pullArtifact } from "./pull-artifact.ts"
import { pushArtifact } from "./push-artifact.ts"
import { pushAction, readRemoteActions } from "./remote-actions.ts"
import type { SharedRemote } from "./shared-remote.ts"

const KEYS_AT_ONCE = 4

/** What became of one key. */
export interface Exchanged {
  readonly key: string
  readonly stage: string
  /**
   * * `sent`: it was not there, at least not whole
   * * `same`: all of it was there
   * * `other`: another result was there first, and is what the key stands for; ours is kept as a further attempt
   * * `bytesless`: the record was sent; the bytes are not here (or not there)
   * * `refused`: what is there is not as it should be, and is not taken
   */
  readonly outcome: "sent" | "same" | "other" | "bytesless" | "refused"
  readonly bytes: number
}

type Exchange = Effect.Effect<Exchanged | undefined, RemoteFailed | Unwritable>

/** In the order of the keys, a few at once; those of which nothing is told are left out. */
const exchangeEach = (keys: ReadonlyArray<string>, exchange: (key: string) => Exchange) =>
  Effect.map(Effect.forEach(keys, exchange, { concurrency: KEYS_AT_ONCE }), (all) =>
    all.filter((each) => each !== undefined)
  )

/** Keys that have no result here are left out. */
export const pushKeys = (
  root: string,
  shared: SharedRemote,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Exchanged>, RemoteFailed | Unwritable> =>
  exchangeEach(
    keys,
    Effect.fnUntraced(function* (key): Effect.fn.Return<Exchanged | undefined, RemoteFailed | Unwritable> {
      const record = canonicalOf(yield* Effect.promise(() => readActions(root, key)))
      // What somebody accepts here, others accept for themselves: it could not be undone there.
      if (record === undefined || record.acceptedFrom !== null) return undefined
      const { stage, digest } = record
      const theirs = canonicalOf(yield* readRemoteActions(shared, key))
      const other = theirs !== undefined && theirs.digest !== digest
      const whole = (yield* Effect.promise(() => findLosses(root, digest))).length === 0
      const pushed = pushArtifact(root, shared, digest).pipe(
        // Damage that only reading shows: the blob is in quarantine now, and its producer runs again when it is needed.
        Effect.catchTag("ArtifactError", (error) => Effect.sync(() => (shared.say(error.message), undefined)))
      )
      const bytes = other || !whole ? 0 : yield* pushed
      const { canonical } = yield* pushAction(shared, record, false)
      if (canonical.digest !== digest) {
        // From now on the key stands for the same on both sides.
        yield* Effect.tryPromise({ try: () => commitAction(root, canonical, true), catch: unwritable(root) })
        return { key, stage, outcome: "other", bytes: 0 }
      }
      if (!whole || bytes === undefined) return { key, stage, outcome: "bytesless", bytes: 0 }
      return { key, stage, outcome: theirs === undefined || bytes > 0 ? "sent" : "same", bytes }
    })
  )

export const allKeysHere = (root: string): Effect.Effect<ReadonlyArray<string>> => Effect.promise(() => scanKeys(root))

export const allKeysThere = ({ remote }: SharedRemote): Effect.Effect<ReadonlyArray<string>, RemoteFailed> =>
  Effect.map(remote.list(actionsPrefix), (names) => [
    ...new Set(
      names.map((name) => /\/([0-9a-f]{64})\/[1-9]\d*\.json$/.exec(name)?.[1]).filter((key) => key !== undefined)
    )
  ])

/** Keys that have no result there are left out. */
export const pullKeys = (
  root: string,
  shared: SharedRemote,
  keys: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Exchanged>, RemoteFailed | Unwritable> =>
  exchangeEach(
    keys,
    Effect.fnUntraced(function* (key): Effect.fn.Return<Exchanged | undefined, RemoteFailed | Unwritable> {
      const here = canonicalOf(yield* Effect.promise(() => readActions(root, key)))
      const theirs = canonicalOf(yield* readRemoteActions(shared, key))
      if (theirs === undefined) return here === undefined ? { key, stage: "", outcome: "refused", bytes: 0 } : undefined
      const { canonical } = yield* Effect.tryPromise({
        try: () => commitAction(root, theirs, true),
        catch: unwritable(root)
      })
      const { stage, digest } = canonical
      const { complete, bytes } = yield* pullArtifact(root, shared, digest)
      if (here !== undefined && here.digest !== digest) return { key, stage, outcome: "other", bytes }
      if (!complete) return { key, stage, outcome: "bytesless", bytes }
      return { key, stage, outcome: here === undefined || bytes > 0 ? "sent" : "same", bytes }
    })
  )
