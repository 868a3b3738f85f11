/**
 * The folder that the owner of a key's lease works in: `partial/<key>/<epoch>/`, with its checkpoint and its output.
 * Each owner has one of its own, so that one that was taken for dead and wakes up disturbs nobody.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { readFile, rm, rmdir } from "node:fs/promises"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { writeAtomic } from "../../file/atomic-write.ts"
import { unwritable } from "../../file/unwritable.ts"
import type { Workspace, WorkspaceName } from "../workspace.ts"
import { makeArtifactWriter } from "./artifact-writer.ts"
import { LATEST, makeCheckpoint } from "./checkpoint.ts"
import { partialDirectory } from "./layout.ts"

const CHECKPOINT = "checkpoint"

const folderOf = (root: string, { key, epoch }: WorkspaceName): string =>
  join(partialDirectory(root, key), String(epoch))

const hasCheckpoint = (folder: string): boolean => existsSync(join(folder, CHECKPOINT, LATEST))

/** What works in a workspace outside of its owner's process. */
export const TASK = "task.json"

/** Highest first. */
const epochsIn = (names: ReadonlyArray<string>): ReadonlyArray<number> =>
  names
    .map(Number)
    .filter(Number.isInteger)
    .toSorted((a, b) => b - a)

const namesIn = (folder: string): ReadonlyArray<string> => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const epochsOf = (root: string, key: string): ReadonlyArray<number> => epochsIn(namesIn(partialDirectory(root, key)))

/** Highest first. The first owner of a key, as most are, has come after nobody: it need not look. */
const earlierEpochs = (root: string, { key, epoch }: WorkspaceName): ReadonlyArray<number> =>
  epoch === 1 ? [] : epochsOf(root, key).filter((other) => other < epoch)

/** The highest epoch that anybody has worked in; 0 where nobody has. */
export const lastEpoch = (root: string, key: string): number => epochsOf(root, key)[0] ?? 0

/** For a new owner, whose own folder comes with the first file: of what earlier ones left, checkpoints stay, and all that a task is at work in. */
export const cleanEarlier = async (root: string, name: WorkspaceName): Promise<void> => {
  for (const epoch of earlierEpochs(root, name)) {
    const folder = folderOf(root, { key: name.key, epoch })
    if (existsSync(join(folder, TASK))) continue
    const kept = hasCheckpoint(folder)
    if (!kept) await rm(folder, { recursive: true, force: true })
    for (const part of kept ? namesIn(folder) : []) {
      if (part !== CHECKPOINT) await rm(join(folder, part), { recursive: true, force: true })
    }
  }
}

/** Checkpoint folders of earlier owners that hold one, latest first. */
const earlierCheckpoints = (root: string, name: WorkspaceName): ReadonlyArray<string> =>
  earlierEpochs(root, name)
    .map((epoch) => folderOf(root, { ...name, epoch }))
    .filter(hasCheckpoint)
    .map((folder) => join(folder, CHECKPOINT))

export const hasSomethingToResume = (root: string, name: WorkspaceName): boolean =>
  hasCheckpoint(folderOf(root, name)) || earlierCheckpoints(root, name).length > 0

export const openWorkspace = (root: string, name: WorkspaceName): Workspace => {
  const own = folderOf(root, name)
  return {
    output: (attempt) => {
      const directory = join(own, `output-${attempt}`)
      return Effect.try({
        try: () => {
          rmSync(directory, { recursive: true, force: true })
          mkdirSync(directory, { recursive: true })
          return makeArtifactWriter(directory)
        },
        catch: unwritable(directory)
      })
    },
    checkpoint: (options) =>
      makeCheckpoint({ ...options, directory: join(own, CHECKPOINT), earlier: earlierCheckpoints(root, name) }),
    noteTask: (text) =>
      Effect.tryPromise({
        try: () => (text === undefined ? rm(join(own, TASK), { force: true }) : writeAtomic(join(own, TASK), text)),
        catch: unwritable(own)
      }),
    notedTasks: Effect.promise(async () => {
      const notes = epochsOf(root, name.key).map(async (epoch) => {
        const text = await readFile(join(folderOf(root, { key: name.key, epoch }), TASK), "utf8").catch(() => undefined)
        return text === undefined ? [] : [{ name: { key: name.key, epoch }, text }]
      })
      return (await Promise.all(notes)).flat()
    })
  }
}

/** In another thread: on a busy disk a folder takes milliseconds to go, and whole runs would stand still for them. */
const removed = (folder: string): Promise<boolean> =>
  rmdir(folder).then(
    () => true,
    () => false
  )

/** After a commit: nobody needs what this owner and earlier ones left. One that has come after it is at work there. The claim goes last. */
export const dropWorkspaces = async (root: string, name: WorkspaceName): Promise<void> => {
  for (const epoch of [name.epoch, ...earlierEpochs(root, name)]) {
    const folder = folderOf(root, { ...name, epoch })
    // Nothing is in it where no checkpoint was made.
    if (!(await removed(folder))) await rm(folder, { recursive: true, force: true })
  }
}
