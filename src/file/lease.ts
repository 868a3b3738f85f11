/**
 * Leases: named, expiring claims. The claim of epoch n is the file `<n>.json`, which only one process can make; a dead
 * owner's claim is overtaken by making n + 1. Nothing has to be deleted by a person. The folder may be on a network file
 * system that several machines share.
 *
 * A lease only saves work. What keeps the store right is the exclusive commit.
 */
import { randomUUID } from "node:crypto"
import { closeSync, fdatasync, openSync, readFileSync, rmSync, statSync, write, writeSync } from "node:fs"
import { chmod, rmdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { onLocalFileSystem } from "./local-file-system.ts"
import { makeDirectory } from "./make-directory.ts"
import { numbersIn } from "./numbered-files.ts"
import { decodeSealed, sealJson } from "./sealed-json.ts"
import { ProcessIdentity, processState, thisProcess } from "./process-identity.ts"
import { BEATS, fileSystemTime, forget, isSilent } from "./silent-claim.ts"
import { unwritable } from "./unwritable.ts"
import type { Unwritable } from "./unwritable.ts"

export const LeaseOwner = Schema.Struct({
  ...ProcessIdentity.fields,
  /** Tells two claims of one process apart. */
  nonce: Schema.String,
  /** For people: "sae[width=512] of run 20260101-120000-ab12". */
  purpose: Schema.String,
  /** How long it may be silent: six missed heartbeats. @default 30 */
  expirySeconds: Schema.optionalKey(Schema.Finite)
})
export type LeaseOwner = typeof LeaseOwner.Type
const decodeOwner = decodeSealed(LeaseOwner)

/** A claim as it is written, here and in a remote. */
export const ownerText = (owner: LeaseOwner): string => sealJson(JSON.stringify(owner))
/** Undefined where a bit of it is another: of such a claim its silence alone tells whether it holds. */
export const readOwnerText = (text: string): LeaseOwner | undefined => Option.getOrUndefined(decodeOwner(text))

export interface Lease {
  readonly epoch: number
  /** Completes when another owner has overtaken us: we were taken for dead, for example after a suspend. */
  readonly lost: Effect.Effect<void>
  /** Looks whether it is still ours: to be asked right before what only the owner may do. */
  readonly held: Effect.Effect<boolean>
}

export type LeaseAttempt =
  | { readonly _tag: "held"; readonly lease: Lease }
  | { readonly _tag: "busy"; readonly owner: LeaseOwner | undefined }

export interface LeaseOptions {
  readonly directory: string
  readonly purpose: string
  /** Epochs up to this one were used before. @default 0 */
  readonly above?: number
  /** How long we may be silent as its owner: six missed heartbeats. @default `PIPELINE_LEASE_SECONDS`, else 30 */
  readonly expirySeconds?: number
  /** Every user of the machine may take it: the folder is made for all of them. @default false */
  readonly forAllUsers?: boolean
}

const syncLater = promisify(fdatasync)
const writeLater = promisify(write)

const EXPIRY_SECONDS = 30

/** Who makes a claim writes it in the same moment: one that is empty for longer is of a process that was killed there. */
const UNWRITTEN_SECONDS = 2

const ownExpirySeconds = (): number => {
  const wanted = Number(process.env["PIPELINE_LEASE_SECONDS"] || Number.NaN)
  return wanted > 0 ? wanted : EXPIRY_SECONDS
}

const attempt = (run: () => void): void => {
  try {
    run()
  } catch {
    // What is left behind expires.
  }
}

const claimPath = (directory: string, epoch: number): string => join(directory, `${epoch}.json`)

const textOf = (path: string): string => {
  try {
    // Waited for, as all that concerns one small file: handing it to another thread takes ten times as long.
    return readFileSync(path, "utf8")
  } catch {
    return ""
  }
}

const readOwner = (path: string): LeaseOwner | undefined => readOwnerText(textOf(path))

/** A network file system may show one as empty that is not. */
const isUnwritten = async (path: string): Promise<boolean> =>
  statSync(path, { throwIfNoEntry: false })?.size === 0 && onLocalFileSystem(dirname(path))

/** @param now milliseconds, monotonic */
const isStale = async (path: string, owner: LeaseOwner | undefined, now: number): Promise<boolean> => {
  if (owner !== undefined && processState(owner) === "dead") return true
  // One that we see alive but that is silent may be stopped for good (SIGSTOP, a suspended machine): it expires too.
  const seconds = owner?.expirySeconds ?? ((await isUnwritten(path)) ? UNWRITTEN_SECONDS : EXPIRY_SECONDS)
  return await isSilent(path, seconds, now).catch(() => false)
}

interface Claim {
  readonly epoch: number
  readonly path: string
  /** The file itself, whatever stands at its path by now. */
  readonly file: number
  readonly text: string
}

const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException).code

/** What is written to a network file system may else stay here for half a minute. */
const syncAfar = async ({ path, file }: Pick<Claim, "path" | "file">): Promise<void> => {
  if (!onLocalFileSystem(dirname(path))) await syncLater(file)
}

const gone = ({ path, file }: Pick<Claim, "path" | "file">): void => {
  closeSync(file)
  rmSync(path, { force: true })
}

/** Undefined where the file exists. Exclusive creation is atomic on network file systems too. */
const create = async (path: string, text: string): Promise<number | undefined> => {
  let file: number
  try {
    file = openSync(path, "wx", 0o644)
  } catch (cause) {
    if (codeOf(cause) === "EEXIST") return undefined
    throw cause
  }
  try {
    // In the same moment: there is none in which we are likely to be killed with an empty claim.
    writeSync(file, text)
    await syncAfar({ path, file })
    return file
  } catch (cause) {
    gone({ path, file })
    throw cause
  }
}

const makeFolder = async (directory: string, forAllUsers: boolean): Promise<void> => {
  await makeDirectory(directory)
  // As /tmp is: everybody may make claims, and remove his own. It fails where the folder is another user's, who did it.
  if (forAllUsers) for (const folder of [dirname(directory), directory]) await chmod(folder, 0o1777).catch(() => {})
}

const claim = async (
  options: Required<LeaseOptions>,
  now: number
): Promise<Claim | { readonly owner: LeaseOwner | undefined }> => {
  const { directory, purpose, above, expirySeconds, forAllUsers } = options
  for (;;) {
    await makeFolder(directory, forAllUsers)
    const epochs = numbersIn(directory)
    const top = epochs.at(-1)
    if (top !== undefined) {
      const path = claimPath(directory, top)
      const owner = readOwner(path)
      if (!(await isStale(path, owner, now))) return { owner }
      forget(path)
    }
    const epoch = Math.max(top ?? 0, above) + 1
    const path = claimPath(directory, epoch)
    const owner: LeaseOwner = { ...thisProcess(), nonce: randomUUID(), purpose, expirySeconds }
    const text = ownerText(owner)
    try {
      const file = await create(path, text)
      if (file !== undefined) {
        const made = { epoch, path, file, text }
        // The list that we went by may have been old, and a later claim have been made and its predecessors removed.
        if (numbersIn(directory).at(-1) === epoch) {
          for (const old of epochs) attempt(() => rmSync(claimPath(directory, old), { force: true }))
          return made
        }
        await release(made)
      }
      // Lost the race: a file made here has network file systems list the folder anew.
      await fileSystemTime(directory)
    } catch (cause) {
      // The last owner removes the folder when it is done: make it again.
      if (codeOf(cause) !== "ENOENT") throw cause
    }
  }
}

/** False where we have been overtaken, or the claim was removed; a folder that cannot be read tells neither. */
const isOurs = ({ epoch, path, text }: Claim): boolean => {
  try {
    return readFileSync(path, "utf8") === text && numbersIn(dirname(path)).every((other) => other <= epoch)
  } catch (cause) {
    return codeOf(cause) !== "ENOENT"
  }
}

/** Writes the same bytes again, so that the file system's own clock dates them. A full disk must not cost us the lease: overwriting needs no space, and what fails is tried again. */
const beat = async (claimed: Claim): Promise<boolean> => {
  await writeLater(claimed.file, claimed.text, 0)
    .then(() => syncAfar(claimed))
    .catch(() => {})
  return isOurs(claimed)
}

/** Its claim is gone at once; the folder, which takes longer on a busy disk, in another thread. */
const release = async ({ path, file, text }: Claim): Promise<void> => {
  closeSync(file)
  if (textOf(path) !== text) return
  rmSync(path, { force: true })
  await rmdir(dirname(path)).catch(() => {})
}

/** Milliseconds, monotonic. */
const monotonic = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / 1_000_000n))

/** Who holds the lease now, for people; undefined where it is free. Claims nothing. */
export const leaseHolder = (directory: string): Effect.Effect<string | undefined> =>
  Effect.flatMap(monotonic, (now) =>
    Effect.promise(async () => {
      const top = numbersIn(directory).at(-1)
      if (top === undefined) return undefined
      const path = claimPath(directory, top)
      const owner = readOwner(path)
      return (await isStale(path, owner, now)) ? undefined : formatOwner(owner)
    })
  )

/** Never waits: a caller that wants to does so by asking again. The lease ends with the scope. */
export const tryLease = (options: LeaseOptions): Effect.Effect<LeaseAttempt, Unwritable, Scope.Scope> =>
  Effect.gen(function* () {
    const full = { above: 0, expirySeconds: ownExpirySeconds(), forAllUsers: false, ...options }
    const now = yield* monotonic
    const made = yield* Effect.acquireRelease(
      Effect.tryPromise({ try: () => claim(full, now), catch: unwritable(options.directory) }),
      (result) => ("file" in result ? Effect.promise(() => release(result).catch(() => {})) : Effect.void)
    )
    if (!("file" in made)) return { _tag: "busy", owner: made.owner }
    const lost = yield* Deferred.make<void>()
    const looked = (look: (claimed: Claim) => boolean | Promise<boolean>) =>
      Effect.promise(async () => look(made)).pipe(
        Effect.tap((ours) => (ours ? Effect.void : Deferred.succeed(lost, undefined)))
      )
    const pause = (full.expirySeconds * 1000) / BEATS
    yield* Effect.forkScoped(looked(beat).pipe(Effect.repeat(Schedule.spaced(pause)), Effect.delay(pause)))
    return { _tag: "held", lease: { epoch: made.epoch, lost: Deferred.await(lost), held: looked(isOurs) } }
  })

/** "process 4711 on host a, for sae[width=512] of run ...". */
export const formatOwner = (owner: LeaseOwner | undefined): string =>
  owner === undefined ? "another process" : `process ${owner.pid} on ${owner.host}, for ${owner.purpose}`
