/**
 * The claim on a key over a remote: `leases/<key>/<epoch>.json`, made by a conditional write and written again while its
 * owner lives, so that the place's own clock dates it. As on disks, a silent owner's claim is overtaken by the next epoch.
 */
import { randomUUID } from "node:crypto"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { formatOwner, ownerText, readOwnerText } from "../../file/lease.ts"
import { processState, thisProcess } from "../../file/process-identity.ts"
import type { Remote } from "../../remote/port/remote.ts"
import type { RemoteFailed } from "../../remote/port/remote-failed.ts"
import { leasePrefix } from "./layout.ts"

/** Times come in whole seconds from S3, and a request may take a while. */
const EXPIRY_SECONDS = 60
const BEAT_SECONDS = 10
const LONGEST_CLAIM = 64 * 1024

export type RemoteLease =
  | { readonly _tag: "held"; readonly lost: Effect.Effect<void>; readonly held: Effect.Effect<boolean> }
  | { readonly _tag: "busy"; readonly owner: string }

const nameOf = (key: string, epoch: number): string => `${leasePrefix(key)}${epoch}.json`

const epochsOf = Effect.fnUntraced(function* (remote: Remote, key: string) {
  const prefix = leasePrefix(key)
  return (yield* remote.list(prefix))
    .map((name) => Number(/^([1-9]\d*)\.json$/.exec(name.slice(prefix.length))?.[1]))
    .filter(Number.isInteger)
    .toSorted((a, b) => a - b)
})

const textAt = Effect.fnUntraced(function* (remote: Remote, name: string) {
  const bytes = yield* remote.get(name, LONGEST_CLAIM)
  return bytes && new TextDecoder().decode(bytes)
})

/** Who holds the claim of an epoch, for people; undefined where nobody does any more. */
const ownerAt = Effect.fnUntraced(function* (remote: Remote, name: string) {
  const text = yield* textAt(remote, name)
  const age = yield* remote.ageSeconds(name)
  if (text === undefined || age === undefined || age > EXPIRY_SECONDS) return undefined
  const owner = readOwnerText(text)
  return owner !== undefined && processState(owner) === "dead" ? undefined : formatOwner(owner)
})

export const remoteOwner = Effect.fnUntraced(function* (remote: Remote, key: string) {
  const top = (yield* epochsOf(remote, key)).at(-1)
  return top === undefined ? undefined : yield* ownerAt(remote, nameOf(key, top))
})

interface Claim {
  readonly name: string
  readonly epoch: number
  readonly text: string
}

const claim = Effect.fnUntraced(function* (remote: Remote, key: string, purpose: string) {
  const text = ownerText({ ...thisProcess(), nonce: randomUUID(), purpose })
  for (;;) {
    const epochs = yield* epochsOf(remote, key)
    const top = epochs.at(-1) ?? 0
    const owner = top === 0 ? undefined : yield* ownerAt(remote, nameOf(key, top))
    if (owner !== undefined) return owner
    const made: Claim = { name: nameOf(key, top + 1), epoch: top + 1, text }
    const first = yield* remote.putIfAbsent(made.name, new TextEncoder().encode(text))
    // A request whose answer was lost is sent again, and then we ourselves were first.
    if (!first && (yield* textAt(remote, made.name)) !== text) continue
    yield* Effect.forEach(epochs, (epoch) => remote.remove(nameOf(key, epoch)), { discard: true })
    return made
  }
})

/** Never waits. The claim ends with the scope. */
export const tryRemoteLease = Effect.fnUntraced(function* (
  remote: Remote,
  key: string,
  purpose: string
): Effect.fn.Return<RemoteLease, RemoteFailed, Scope.Scope> {
  const release = (made: Claim | string) =>
    typeof made === "string" ? Effect.void : Effect.ignore(remote.remove(made.name))
  const made = yield* Effect.acquireRelease(claim(remote, key, purpose), release)
  if (typeof made === "string") return { _tag: "busy", owner: made }
  const lost = yield* Deferred.make<void>()
  const isOurs = Effect.map(epochsOf(remote, key), (epochs) => epochs.at(-1) === made.epoch)
  const beat = Effect.andThen(remote.put(made.name, new TextEncoder().encode(made.text)), isOurs).pipe(
    // A place that is silent for a while does not end the work: the commit there is exclusive in any case.
    Effect.catch(() => Effect.succeed(true)),
    Effect.flatMap((ours) => (ours ? Effect.void : Deferred.succeed(lost, undefined)))
  )
  yield* Effect.forkScoped(
    Effect.sleep(BEAT_SECONDS * 1000).pipe(Effect.andThen(beat), Effect.repeat(Schedule.forever))
  )
  const held = Effect.catch(isOurs, () => Effect.succeed(true))
  return { _tag: "held", lost: Deferred.await(lost), held }
})
