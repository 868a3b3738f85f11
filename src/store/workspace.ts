/**
 * The folder that the owner of a key's lease works in: `partial/<key>/<epoch>/`, with its checkpoint and its output.
 * Each owner has one of its own, so that one that was taken for dead and wakes up disturbs nobody.
 */
import { existsSync } from "node:fs"
import { readdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { LATEST } from "./checkpoint.ts"
import { partialDirectory } from "./layout.ts"
import { makeDirectory } from "../file/make-directory.ts"

export interface Workspace {
  readonly checkpoint: string
  /** Checkpoint folders of earlier owners that hold one, latest first. */
  readonly earlier: ReadonlyArray<string>
  /** A folder for the output of an attempt; made by whoever writes it. */
  readonly output: (attempt: number) => string
}

const epochsOf = async (directory: string): Promise<ReadonlyArray<number>> => {
  const names = await readdir(directory).catch((): ReadonlyArray<string> => [])
  return names
    .map(Number)
    .filter(Number.isInteger)
    .toSorted((a, b) => b - a)
}

/** The highest epoch that anybody has worked in; 0 where nobody has. */
export const lastEpoch = async (root: string, key: string): Promise<number> =>
  (await epochsOf(partialDirectory(root, key)))[0] ?? 0

export const hasCheckpoint = (workspace: Workspace): boolean =>
  existsSync(join(workspace.checkpoint, LATEST)) || workspace.earlier.length > 0

export const openWorkspace = async (root: string, key: string, epoch: number): Promise<Workspace> => {
  const parent = partialDirectory(root, key)
  const earlier: Array<string> = []
  for (const old of await epochsOf(parent)) {
    if (old >= epoch) continue
    const folder = join(parent, String(old))
    const checkpoint = join(folder, "checkpoint")
    if (!existsSync(join(checkpoint, LATEST))) await rm(folder, { recursive: true, force: true })
    else {
      earlier.push(checkpoint)
      for (const name of await readdir(folder).catch((): ReadonlyArray<string> => [])) {
        if (name !== "checkpoint") await rm(join(folder, name), { recursive: true, force: true })
      }
    }
  }
  const own = join(parent, String(epoch))
  await makeDirectory(own)
  return { checkpoint: join(own, "checkpoint"), earlier, output: (attempt) => join(own, `output-${attempt}`) }
}

/** After a commit: nobody needs any of it again. */
export const dropWorkspaces = (root: string, key: string): Promise<void> =>
  rm(partialDirectory(root, key), { recursive: true, force: true })
