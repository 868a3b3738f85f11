/** The rows of `pipeline cache ls`: every artifact that an action record names, whether its bytes are there or not. */
import { readFile, stat } from "node:fs/promises"
import { canonicalOf, readActions } from "./action-log.ts"
import type { ActionRecord } from "../action-record.ts"
import { objectPath } from "./layout.ts"
import { scanKeys } from "./scan.ts"
import type { StoredArtifact } from "../store.ts"
import { decodeTree } from "./tree.ts"

interface Use {
  readonly record: ActionRecord
  readonly canonical: boolean
}

const sizes = async (root: string, digest: string): Promise<Pick<StoredArtifact, "size" | "files" | "present">> => {
  const bytes = await readFile(objectPath(root, digest)).catch(() => undefined)
  const tree = bytes === undefined ? undefined : decodeTree(bytes)
  if (tree === undefined) return { size: null, files: null, present: 0 }
  const there = await Promise.all(
    tree.files.map(async (file) => {
      const info = await stat(objectPath(root, file.sha256)).catch(() => undefined)
      return info?.size ?? 0
    })
  )
  const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((total, size) => total + size, 0)
  return { size: sum(tree.files.map((file) => file.size)), files: tree.files.length, present: sum(there) }
}

export const listArtifacts = async (root: string): Promise<ReadonlyArray<StoredArtifact>> => {
  const uses = new Map<string, Array<Use>>()
  for (const key of await scanKeys(root)) {
    const records = await readActions(root, key)
    const canonical = canonicalOf(records)
    for (const record of records) {
      const known = uses.get(record.digest) ?? []
      known.push({ record, canonical: record === canonical })
      uses.set(record.digest, known)
    }
  }
  const rows = await Promise.all(
    [...uses].map(async ([digest, of]) => ({
      digest,
      kind: of[0]?.record.output ?? "",
      ...(await sizes(root, digest)),
      keys: of.map(({ record, canonical }) => ({
        key: record.key,
        stage: record.stage,
        experiment: record.experiment,
        canonical,
        seconds: record.seconds,
        run: record.run,
        params: record.manifest.params
      }))
    }))
  )
  return rows.toSorted((a, b) => (a.kind === b.kind ? (a.digest < b.digest ? -1 : 1) : a.kind < b.kind ? -1 : 1))
}
