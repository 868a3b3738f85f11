/**
 * What a clean-up takes: bytes of artifacts that nobody counts on, and what kills have left. Action records stay, so that what goes
 * is still a hit, and is computed again only where its bytes are read.
 */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import type { ActionRecord } from "../action-record.ts"
import { readActions } from "./action-log.ts"
import { keyOwner } from "./claim-key.ts"
import { partialDirectory } from "./layout.ts"
import { measurePath } from "./measure-path.ts"
import { readFileList } from "./read-file-list.ts"
import { findReached, type ReachOptions } from "./reached.ts"
import { scanBlobs, scanKeys } from "./scan.ts"
import { TASK } from "./workspace-folder.ts"

export interface Goes {
  readonly digest: string
  readonly kind: string
  readonly stages: ReadonlyArray<string>
  readonly experiments: ReadonlyArray<string>
  /** Of files that no artifact which stays has too. */
  readonly bytes: number
  /** To compute it again, where its inputs are there: as its record says. */
  readonly seconds: number
  readonly gpuSeconds: number
  /** `intermediate`: `temp: true`; `superseded`: no lock file, pin, recent run or latest run of an experiment has it. */
  readonly because: "intermediate" | "superseded"
}

export interface Rubbish {
  readonly path: string
  readonly bytes: number
  readonly what: "checkpoint" | "quarantine" | "transfer" | "job"
}

export interface GcPlan {
  readonly goes: ReadonlyArray<Goes>
  /** Blobs that no artifact lists any more. */
  readonly orphanBytes: number
  readonly rubbish: ReadonlyArray<Rubbish>
  /** sha256 of all that go: file lists first, so that what is left of a clean-up that was killed belongs to nobody. */
  readonly blobs: ReadonlyArray<string>
  readonly keptBytes: number
  readonly live: boolean
}

/** Beside a run that goes on: what it has just written is not named by any record yet. */
const GRACE_MS = 3600 * 1000

/** Who holds a key writes its claim again every few seconds, and one look cannot tell whether an owner elsewhere still does. */
const SILENCE_MS = 24 * 3600 * 1000

const isHex = (name: string): boolean => /^[0-9a-f]{64}$/.test(name)

/** `folder/ab/<name>` below the store. */
const fannedPaths = async (root: string, folder: string): Promise<ReadonlyArray<string>> => {
  const names = (path: string) => readdir(path).catch((): ReadonlyArray<string> => [])
  const prefixes = await names(join(root, folder))
  const paths = await Promise.all(
    prefixes.map(async (prefix) =>
      (await names(join(root, folder, prefix))).map((name) => join(root, folder, prefix, name))
    )
  )
  return paths.flat()
}

/** What works at a key outside of its owner's process: whoever wants the key next goes on waiting for that. */
const tasksNotedIn = async (partial: string): Promise<ReadonlyArray<string>> => {
  const epochs = await readdir(partial).catch((): ReadonlyArray<string> => [])
  return Promise.all(epochs.map((epoch) => readFile(join(partial, epoch, TASK), "utf8").catch(() => "")))
}

const findRubbish = async (root: string, { keepSeconds, now }: ReachOptions): Promise<ReadonlyArray<Rubbish>> => {
  const old = now - keepSeconds * 1000
  const found: Array<Rubbish> = []
  const look = async (paths: ReadonlyArray<string>, what: Rubbish["what"]): Promise<void> => {
    for (const path of paths) {
      const { bytes, changed } = await measurePath(path)
      if (changed < old) found.push({ path, bytes, what })
    }
  }
  const keys = await readdir(join(root, "partial")).catch((): ReadonlyArray<string> => [])
  const partials = keys.map((key) => partialDirectory(root, key))
  for (const [i, path] of partials.entries()) {
    // Before its owner is looked for, which writes there.
    const { bytes, changed } = await measurePath(path)
    if (changed >= old) continue
    const silent = now - changed > SILENCE_MS
    const owner = silent ? undefined : await Effect.runPromise(keyOwner(root, keys[i] as string))
    if (owner === undefined) found.push({ path, bytes, what: "checkpoint" })
  }
  const going = new Set(found.map(({ path }) => path))
  const noted = (await Promise.all(partials.filter((path) => !going.has(path)).map(tasksNotedIn))).flat()
  const submissions = await readdir(join(root, "jobs")).catch((): ReadonlyArray<string> => [])
  await look(
    submissions.filter((name) => !noted.some((text) => text.includes(name))).map((name) => join(root, "jobs", name)),
    "job"
  )
  await look(await fannedPaths(root, "incoming"), "transfer")
  const quarantine = await readdir(join(root, "quarantine")).catch((): ReadonlyArray<string> => [])
  await look(
    quarantine.map((name) => join(root, "quarantine", name)),
    "quarantine"
  )
  return found
}

const recordsOf = async (root: string): Promise<ReadonlyMap<string, ReadonlyArray<ActionRecord>>> => {
  const byDigest = new Map<string, Array<ActionRecord>>()
  for (const key of await scanKeys(root)) {
    for (const record of await readActions(root, key)) {
      byDigest.set(record.digest, [...(byDigest.get(record.digest) ?? []), record])
    }
  }
  return byDigest
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, each) => total + each, 0)

export const planGc = async (root: string, options: ReachOptions): Promise<GcPlan> => {
  const { pinned, kept, temporary, live } = await findReached(root, options)
  const byDigest = await recordsOf(root)
  const blobs = await scanBlobs(root)
  const present = new Map(blobs.filter(({ sha256 }) => isHex(sha256)).map((blob) => [blob.sha256, blob]))
  const stays = (digest: string): boolean => pinned.has(digest) || (kept.has(digest) && !temporary.has(digest))
  const filesOf = async (digest: string): Promise<ReadonlyArray<string>> => {
    const list = present.has(digest) ? await readFileList(root, digest) : undefined
    return list === undefined ? [] : [digest, ...new Set(list.files.map(({ sha256 }) => sha256))]
  }
  const named = new Map<string, ReadonlyArray<string>>()
  for (const digest of new Set([...byDigest.keys(), ...kept, ...pinned])) named.set(digest, await filesOf(digest))
  const needed = new Set([...named].filter(([digest]) => stays(digest)).flatMap(([, files]) => files))
  const young = (sha256: string): boolean => live && options.now - (present.get(sha256)?.changed ?? 0) < GRACE_MS
  const sizeOf = (sha256: string): number => present.get(sha256)?.size ?? 0

  const goes: Array<Goes> = []
  const gone = new Set<string>()
  for (const [digest, files] of named) {
    if (stays(digest)) continue
    const own = files.filter((sha256) => !needed.has(sha256) && present.has(sha256) && !young(sha256))
    const bytes = sum(own.filter((sha256) => !gone.has(sha256)).map(sizeOf))
    for (const sha256 of own) gone.add(sha256)
    if (bytes === 0) continue
    const records = byDigest.get(digest) ?? []
    goes.push({
      digest,
      kind: records[0]?.output ?? "",
      stages: [...new Set(records.map(({ stage }) => stage))],
      experiments: [...new Set(records.map(({ experiment }) => experiment))],
      bytes,
      seconds: Math.max(0, ...records.map(({ seconds }) => seconds)),
      gpuSeconds: Math.max(0, ...records.map(({ provenance }) => provenance?.gpuSeconds ?? 0)),
      because: kept.has(digest) ? "intermediate" : "superseded"
    })
  }
  const listed = new Set([...named.values()].flat())
  const orphans = [...present.keys()].filter((sha256) => !listed.has(sha256) && !needed.has(sha256) && !young(sha256))
  const lists = [...gone].filter((sha256) => named.has(sha256))
  const rest = [...gone].filter((sha256) => !named.has(sha256))
  return {
    goes: goes.toSorted((a, b) => b.bytes - a.bytes),
    orphanBytes: sum(orphans.map(sizeOf)),
    rubbish: await findRubbish(root, options),
    blobs: [...lists, ...rest, ...orphans],
    keptBytes: sum([...needed].map(sizeOf)),
    live
  }
}
