/**
 * Checkpoints of a long stage: `latest.json` names the binary file that belongs to it, and is replaced as a whole, so
 * that a kill at any moment leaves either the earlier state or this one. Both are checked as a whole before they are used.
 */
import { createHash, randomUUID } from "node:crypto"
import { constants, existsSync } from "node:fs"
import { copyFile, readdir, readFile, rename, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { AnyJson } from "../../json/json-schema.ts"
import type { Checkpoint, CheckpointState } from "../../stage/checkpoint.ts"
import { beginAtomic, writeAtomic } from "../../file/atomic-write.ts"
import { hashFile } from "../../file/hash-file.ts"
import { decodeSealed, sealJson } from "../../file/sealed-json.ts"
import { makeDirectory } from "../../file/make-directory.ts"
import { asUnwritable } from "../../file/unwritable.ts"
import { decodeTensors, encodeTensors, TensorEntry } from "./tensor-file.ts"

export const LATEST = "latest.json"
/** Folder of the files that states refer to by name and length. */
const FILES = "files"

const Latest = Schema.Struct({
  format: Schema.Literal(2),
  /** In the same folder. */
  file: Schema.String.check(Schema.isPattern(/^state-[0-9a-f]+\.bin$/)),
  sha256: Schema.String,
  tensors: Schema.Array(TensorEntry),
  json: AnyJson
})
const decodeLatest = decodeSealed(Latest)

const readCheckpoint = async (directory: string): Promise<CheckpointState | undefined> => {
  const text = await readFile(join(directory, LATEST), "utf8")
  const latest = Option.getOrUndefined(decodeLatest(text))
  if (latest === undefined) return undefined
  const path = join(directory, latest.file)
  if ((await hashFile(path)).sha256 !== latest.sha256) return undefined
  return { json: latest.json, ...decodeTensors(latest.tensors, path) }
}

/** Returns once the state has been read; what comes back makes it the latest one. */
const beginCheckpoint = async (directory: string, state: CheckpointState): Promise<() => Promise<void>> => {
  const { entries, parts } = encodeTensors(state)
  const hash = createHash("sha256")
  const hashed = Iterator.from(parts).map((part) => {
    hash.update(part)
    return part
  })
  const file = `state-${randomUUID().slice(0, 8)}.bin`
  const place = await beginAtomic(join(directory, file), hashed)
  const latest: typeof Latest.Type = { format: 2, file, sha256: hash.digest("hex"), tensors: entries, json: state.json }
  const text = sealJson(JSON.stringify(latest))
  return async () => {
    await place()
    await writeAtomic(join(directory, LATEST), text)
    for (const name of await readdir(directory)) {
      if (name !== file && name !== LATEST && name !== FILES) await rm(join(directory, name), { force: true })
    }
  }
}

export interface CheckpointOptions {
  /** Where this owner saves: below its own epoch, so that a fenced one that wakes up overwrites nothing. */
  readonly directory: string
  /** Checkpoint folders of earlier owners, latest first. Their epochs are removed once a state of our own is safe. */
  readonly earlier: ReadonlyArray<string>
  /** At least so far apart; 0: whenever it is asked. */
  readonly everySeconds: number
  readonly log: (line: string) => void
}

/** Time between two saves, at least, as a multiple of what the last one took: large states cost a hundredth of the time, not more. */
const timesItsCost = 100

export const makeCheckpoint = ({ directory, earlier, everySeconds, log }: CheckpointOptions): Checkpoint => {
  let last = performance.now()
  let cost = 0
  let stale = earlier
  let from: string | undefined

  const load = async (): Promise<CheckpointState | undefined> => {
    for (const candidate of [directory, ...earlier]) {
      try {
        const state = await readCheckpoint(candidate)
        if (state !== undefined) {
          from = candidate
          return state
        }
        log(`checkpoint ${candidate} is damaged: going on from an earlier one, or from the start`)
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code !== "ENOENT") log(`checkpoint ${candidate}: ${String(cause)}`)
      }
    }
    return undefined
  }

  /** Ends when all saves so far have ended, well or not: each tells its own caller, and the next one tries again. */
  let queue: Promise<void> = Promise.resolve()
  let unfinished = 0
  const begin = async (state: CheckpointState): Promise<{ readonly safe: Promise<void> }> => {
    unfinished += 1
    const begun = queue.then(async () => {
      const start = performance.now()
      const finish = await beginCheckpoint(directory, state)
      last = performance.now()
      cost = last - start
      return finish
    })
    const settle = async (): Promise<void> => {
      const finish = await begun
      await finish()
      for (const folder of stale) await rm(dirname(folder), { recursive: true, force: true }).catch(() => {})
      stale = []
    }
    const safe = settle()
    const ended = (): void => void (unfinished -= 1)
    queue = safe.then(ended, ended)
    await begun
    return { safe }
  }

  const unwritable = (cause: unknown): ArtifactError =>
    new ArtifactError({
      reason: "unwritable",
      digest: "",
      path: directory,
      detail: asUnwritable(cause, directory)?.message ?? String(cause)
    })

  /**
   * An earlier owner's file is copied, instantly where the file system clones: should that owner wake up after all, it has
   * the file open still.
   */
  const file = async (name: string): Promise<string> => {
    const own = join(directory, FILES, name)
    await makeDirectory(dirname(own))
    const theirs = from === undefined || from === directory ? undefined : join(from, FILES, name)
    if (theirs !== undefined && !existsSync(own) && existsSync(theirs)) {
      const copy = `${own}.copy`
      await copyFile(theirs, copy, constants.COPYFILE_FICLONE)
      await rename(copy, own)
    }
    return own
  }

  return {
    load: Effect.promise(load),
    file: (name) => Effect.tryPromise({ try: () => file(name), catch: unwritable }),
    due: () =>
      everySeconds === 0 ||
      (unfinished === 0 && performance.now() - last >= Math.max(everySeconds * 1000, timesItsCost * cost)),
    save: (state) => Effect.tryPromise({ try: async () => (await begin(state)).safe, catch: unwritable }),
    begin: (state) =>
      Effect.map(Effect.tryPromise({ try: () => begin(state), catch: unwritable }), ({ safe }) =>
        Effect.tryPromise({ try: () => safe, catch: unwritable })
      )
  }
}
