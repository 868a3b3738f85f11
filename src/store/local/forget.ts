/** `pipeline rm`: results leave the store, record first, then the bytes that no other artifact has. */
import { rm } from "node:fs/promises"
import { canonicalOf, readActions } from "./action-log.ts"
import { actionDirectory } from "./layout.ts"
import { readFileList } from "./read-file-list.ts"
import { scanBlobs, scanKeys } from "./scan.ts"
import { sweep } from "./sweep.ts"

export interface Forgets {
  readonly key: string
  readonly stage: string
  readonly seconds: number
  readonly gpuSeconds: number
}

export interface ForgetPlan {
  readonly forgets: ReadonlyArray<Forgets>
  readonly blobs: ReadonlyArray<string>
  readonly bytes: number
}

export const planForget = async (root: string, keys: ReadonlyArray<string>): Promise<ForgetPlan> => {
  const wanted = new Set(keys)
  const needed = new Set<string>()
  const own = new Set<string>()
  const forgets: Array<Forgets> = []
  for (const key of await scanKeys(root)) {
    const records = await readActions(root, key)
    const into = wanted.has(key) ? own : needed
    for (const digest of new Set(records.map((record) => record.digest))) {
      into.add(digest)
      for (const { sha256 } of (await readFileList(root, digest))?.files ?? []) into.add(sha256)
    }
    const record = wanted.has(key) ? canonicalOf(records) : undefined
    if (record === undefined) continue
    const { stage, seconds, provenance } = record
    forgets.push({ key, stage, seconds, gpuSeconds: provenance?.gpuSeconds ?? 0 })
  }
  const sizes = new Map((await scanBlobs(root)).map(({ sha256, size }) => [sha256, size]))
  const blobs = [...own].filter((sha256) => !needed.has(sha256) && sizes.has(sha256))
  return { forgets, blobs, bytes: blobs.reduce((sum, sha256) => sum + (sizes.get(sha256) ?? 0), 0) }
}

/** @returns bytes that were freed */
export const forget = async (root: string, { forgets, blobs }: ForgetPlan, planned: number): Promise<number> => {
  for (const { key } of forgets) await rm(actionDirectory(root, key), { recursive: true, force: true })
  return sweep(root, { blobs, rubbish: [] }, planned)
}
