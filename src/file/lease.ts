/**
 * Leases: named, expiring claims. The claim of epoch n is the file `<n>.json`, made by exclusive link; a dead owner's
 * claim is overtaken by making n + 1, which only one process can. Nothing has to be deleted by a person.
 *
 * A lease only saves work. What keeps the store right is the exclusive commit.
 */
import { randomUUID } from "node:crypto"
import { open, readFile, rm, rmdir, stat } from "node:fs/promises"
import type { FileHandle } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { writeExclusive } from "./atomic-write.ts"
import { TEMPORARY } from "./atomic-write.ts"
import { ProcessIdentity, processState, thisProcess } from "./process-identity.ts"
import { unwritable } from "./unwritable.ts"
import type { Unwritable } from "./unwritable.ts"
import { makeDirectory } from "./make-directory.ts"
import { numbersIn } from "./numbered-files.ts"

export const LeaseOwner = Schema.Struct({
  ...ProcessIdentity.fields,
  /** Tells two claims of one process apart. */
  nonce: Schema.String,
  /** For people: "sae[width=512] of run 20260101-120000-ab12". */
  purpose: Schema.String
})
export type LeaseOwner = typeof LeaseOwner.Type
const decodeOwner = Schema.decodeUnknownOption(Schema.fromJsonString(LeaseOwner))

export interface Lease {
  readonly epoch: number
  /** Completes when another owner has overtaken us: we were taken for dead, for example after a suspend. */
  readonly lost: Effect.Effect<void>
}

export type LeaseAttempt =
  | { readonly _tag: "held"; readonly lease: Lease }
  | { readonly _tag: "busy"; readonly owner: LeaseOwner | undefined }

export interface LeaseOptions {
  readonly directory: string
  readonly purpose: string
  /** Epochs up to this one were used before. @default 0 */
  readonly above?: number
  /** How long an owner whom we cannot see may be silent: six missed heartbeats. @default 30 */
  readonly expirySeconds?: number
}

const EXPIRY_SECONDS = 30

const claimPath = (directory: string, epoch: number): string => join(directory, `${epoch}.json`)

const readOwner = async (path: string): Promise<LeaseOwner | undefined> => {
  const text = await readFile(path, "utf8").catch(() => "")
  return Option.getOrUndefined(decodeOwner(text))
}

/** Seconds since the last heartbeat by the clock of the store's own file system, which all its users share. */
const silence = async (path: string): Promise<number> => {
  const probe = join(dirname(path), TEMPORARY + randomUUID())
  const handle = await open(probe, "wx")
  try {
    const [now, beat] = await Promise.all([handle.stat(), stat(path)])
    return (now.mtimeMs - beat.mtimeMs) / 1000
  } finally {
    await handle.close()
    await rm(probe, { force: true })
  }
}

const isStale = async (path: string, owner: LeaseOwner | undefined, expirySeconds: number): Promise<boolean> => {
  const state = owner === undefined ? "unknown" : processState(owner)
  if (state === "dead") return true
  // One that we see alive but that is silent may be stopped for good (SIGSTOP, a suspended machine): it expires too.
  return (await silence(path).catch(() => 0)) > expirySeconds
}

interface Claim {
  readonly epoch: number
  readonly path: string
  readonly handle: FileHandle
  readonly text: string
}

const claim = async (options: Required<LeaseOptions>): Promise<Claim | { readonly owner: LeaseOwner | undefined }> => {
  const { directory, purpose, above, expirySeconds } = options
  for (;;) {
    await makeDirectory(directory)
    const epochs = await numbersIn(directory)
    const top = epochs.at(-1)
    if (top !== undefined) {
      const path = claimPath(directory, top)
      const owner = await readOwner(path)
      if (!(await isStale(path, owner, expirySeconds))) return { owner }
    }
    const epoch = Math.max(top ?? 0, above) + 1
    const path = claimPath(directory, epoch)
    const text = JSON.stringify({ ...thisProcess(), nonce: randomUUID(), purpose } satisfies LeaseOwner)
    try {
      if (!(await writeExclusive(path, text, 0o644))) continue
      const handle = await open(path, "r+")
      for (const old of epochs) await rm(claimPath(directory, old), { force: true }).catch(() => {})
      return { epoch, path, handle, text }
    } catch (cause) {
      // The last owner removes the folder when it is done: make it again.
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause
    }
  }
}

/** Writes the same bytes again, so that the file system's own clock dates them; false where we have been overtaken. */
const beat = async ({ epoch, path, handle, text }: Claim): Promise<boolean> => {
  await handle.write(text, 0, "utf8")
  const top = (await numbersIn(dirname(path))).at(-1)
  return top === epoch && (await readFile(path, "utf8").catch(() => "")) === text
}

const release = async ({ path, handle, text }: Claim): Promise<void> => {
  await handle.close()
  if ((await readFile(path, "utf8").catch(() => "")) !== text) return
  await rm(path, { force: true })
  await rmdir(dirname(path)).catch(() => {})
}

/** Who holds the lease now; undefined where it is free. Claims nothing. */
export const leaseOwner = (
  options: Pick<LeaseOptions, "directory" | "expirySeconds">
): Effect.Effect<LeaseOwner | undefined> =>
  Effect.promise(async () => {
    const top = (await numbersIn(options.directory)).at(-1)
    if (top === undefined) return undefined
    const path = claimPath(options.directory, top)
    const owner = await readOwner(path)
    return (await isStale(path, owner, options.expirySeconds ?? EXPIRY_SECONDS)) ? undefined : owner
  })

/** Never waits: a caller that wants to does so by asking again. The lease ends with the scope. */
export const tryLease = (options: LeaseOptions): Effect.Effect<LeaseAttempt, Unwritable, Scope.Scope> =>
  Effect.gen(function* () {
    const full = { above: 0, expirySeconds: EXPIRY_SECONDS, ...options }
    const made = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => claim(full), catch: unwritable(options.directory) }),
      (result) => ("handle" in result ? Effect.promise(() => release(result).catch(() => {})) : Effect.void)
    )
    if (!("handle" in made)) return { _tag: "busy", owner: made.owner }
    const lost = yield* Deferred.make<void>()
    // A full disk must not cost us the lease: overwriting needs no space, and what fails is tried again.
    const heartbeat = Effect.promise(() => beat(made).catch(() => true)).pipe(
      Effect.flatMap((ours) => (ours ? Effect.void : Deferred.succeed(lost, undefined)))
    )
    yield* Effect.forkScoped(heartbeat.pipe(Effect.repeat(Schedule.spaced((full.expirySeconds * 1000) / 6))))
    return { _tag: "held", lease: { epoch: made.epoch, lost: Deferred.await(lost) } }
  })

/** "process 4711 on host a, for sae[width=512] of run ...". */
export const formatOwner = (owner: LeaseOwner | undefined): string =>
  owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}, for ${owner.purpose}`
