/**
 * A local store with a remote behind it: what is not here is taken from there, and what is committed here is brought there. The
 * remote is asked only where something is missing here, so a run of hits never waits for it.
 *
 * A remote that cannot be used when it is first asked is an error: hours of computing might be in it. One that falls silent
 * later is done without, which is said once; the results are here, and `pipeline cache push` brings them.
 */
import * as Effect from "effect/Effect"
import type { Unwritable } from "../../file/unwritable.ts"
import type { Remote } from "../../remote/port/remote.ts"
import { RemoteFailed } from "../../remote/port/remote-failed.ts"
import { commitAction, canonicalOf } from "../local/action-log.ts"
import type { ActionRecord, Commit } from "../action-record.ts"
import type { KeyAttempt } from "../key-claim.ts"
import type { Store } from "../store.ts"
import { pullArtifact, type Pulled } from "./pull-artifact.ts"
import { pushArtifact } from "./push-artifact.ts"
import { pushAction, readRemoteActions } from "./remote-actions.ts"
import { remoteOwner, tryRemoteLease } from "./remote-lease.ts"
import type { SharedRemote } from "./shared-remote.ts"

/** What was not there a moment ago is not asked for again: the plan and the run ask one after the other. */
const MISS_MS = 2_000

export interface WithRemoteOptions {
  /** Of the local store. */
  readonly root: string
  /** Evaluated when something is missing here for the first time. */
  readonly remote: Effect.Effect<Remote, RemoteFailed>
  /** Nothing is written there without it. */
  readonly writes: boolean
  /** Told what is wrong there, and what is not shared. */
  readonly say: (line: string) => void
}

/** Takes over what a key stands for elsewhere. A store that cannot be written takes it without keeping it. */
const adopt = (root: string, record: ActionRecord): Effect.Effect<ActionRecord> =>
  Effect.promise(() =>
    commitAction(root, record, true).then(
      ({ canonical }) => canonical,
      () => record
    )
  )

export const withRemote = (local: Store["Service"], options: WithRemoteOptions): Store["Service"] => {
  const { root, writes, say } = options
  const opened = Effect.runSync(
    Effect.cached(Effect.map(options.remote, (remote): SharedRemote => ({ remote, writes, say })))
  )
  let answered = false
  let silent = false
  const misses = new Map<string, number>()

  /** Gives `otherwise` where the remote has fallen silent. */
  const using = <A, B, E, R>(
    use: (shared: SharedRemote) => Effect.Effect<A, E | RemoteFailed, R>,
    otherwise: B
  ): Effect.Effect<A | B, E | RemoteFailed, R> =>
    Effect.suspend((): Effect.Effect<A | B, E | RemoteFailed, R> => {
      if (silent) return Effect.succeed(otherwise)
      return Effect.flatMap(opened, use).pipe(
        Effect.tap(() => Effect.sync(() => void (answered = true))),
        Effect.catchIf(
          (error): error is RemoteFailed => error instanceof RemoteFailed && answered,
          (error) =>
            Effect.sync(() => {
              if (!silent) say(`${error.message}\n  From here on this goes on without it.`)
              silent = true
              return otherwise
            })
        )
      )
    })

  const fetchAction = Effect.fnUntraced(function* (key: string) {
    const missed = misses.get(key)
    if (missed !== undefined && performance.now() - missed < MISS_MS) return undefined
    const records = yield* using((shared) => readRemoteActions(shared, key), [])
    const canonical = canonicalOf(records)
    if (canonical === undefined) misses.set(key, performance.now())
    return canonical && (yield* adopt(root, canonical))
  })

  const action: Store["Service"]["action"] = Effect.fnUntraced(function* (key) {
    return (yield* local.action(key)) ?? (yield* fetchAction(key))
  })

  const losses: Store["Service"]["losses"] = Effect.fnUntraced(function* (digest, onFetch = () => Effect.void) {
    const lost = yield* local.losses(digest)
    if (lost.length === 0) return lost
    const pulled = yield* using(
      Effect.fnUntraced(function* (shared: SharedRemote): Effect.fn.Return<Pulled, Unwritable | RemoteFailed> {
        yield* onFetch(shared.remote.place)
        return yield* pullArtifact(root, shared, digest)
      }),
      undefined
    )
    return pulled === undefined ? lost : yield* local.losses(digest)
  })

  /** What the key stands for there; the result here stays where it cannot be shared. */
  const share = (mine: Commit, record: ActionRecord, force: boolean): Effect.Effect<Commit> =>
    Effect.gen(function* () {
      const theirs = yield* using(
        Effect.fnUntraced(function* (shared: SharedRemote) {
          if (mine.canonical.digest === record.digest) yield* pushArtifact(root, shared, record.digest)
          return yield* pushAction(shared, record, force)
        }),
        undefined
      )
      if (theirs === undefined || theirs.canonical.digest === mine.canonical.digest) return mine
      return { canonical: yield* adopt(root, theirs.canonical), agrees: false }
    }).pipe(
      Effect.catch((error) => {
        say(
          `${record.stage} is not shared: ${error.message}\n  Its result is here; \`pipeline cache push\` brings it there.`
        )
        return Effect.succeed(mine)
      })
    )

  const commit: Store["Service"]["commit"] = Effect.fnUntraced(function* (made, options = {}) {
    if (!writes) return yield* local.commit(made, options)
    // Somebody may have committed there since we looked: theirs was first.
    yield* Effect.ignore(fetchAction(made.key))
    const mine = yield* local.commit(made, options)
    const record = (yield* local.actions(made.key)).findLast(({ digest }) => digest === made.digest)
    return record === undefined ? mine : yield* share(mine, record, options.force ?? false)
  })

  const claim: Store["Service"]["claim"] = Effect.fnUntraced(function* (key, purpose) {
    const here = yield* local.claim(key, purpose)
    misses.delete(key)
    if (here._tag === "busy" || !writes) return here
    const there = yield* using(({ remote }) => tryRemoteLease(remote, key, purpose), undefined)
    if (there === undefined) return here
    if (there._tag === "busy") return there
    const both: KeyAttempt = {
      _tag: "held",
      claim: {
        ...here.claim,
        lost: Effect.raceFirst(here.claim.lost, there.lost),
        held: Effect.suspend(() =>
          Effect.flatMap(here.claim.held, (held) => (held ? there.held : Effect.succeed(false)))
        )
      }
    }
    return both
  })

  const owner: Store["Service"]["owner"] = Effect.fnUntraced(function* (key) {
    const here = yield* local.owner(key)
    if (here !== undefined || !writes) return here
    return yield* using(({ remote }) => remoteOwner(remote, key), undefined).pipe(
      Effect.catch(() => Effect.succeed(undefined))
    )
  })

  return {
    ...local,
    action,
    losses,
    commit,
    claim,
    owner,
    artifact: Effect.fnUntraced(function* (digest, { fetch = true } = {}) {
      if (fetch) {
        // A full disk is told by what reads it, too: the bytes are missing.
        yield* Effect.catchTag(losses(digest), "Unwritable", (error) => Effect.sync(() => say(error.message)))
      }
      return yield* local.artifact(digest)
    })
  }
}
