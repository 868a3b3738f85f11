/**
 * The cache that Hugging Face's own libraries share: `models--org--name/{refs,blobs,snapshots}`. A blob's name is the
 * digest of its content, a snapshot holds links to blobs under the names of files, a ref is a file with a commit's name.
 */
import { existsSync } from "node:fs"
import { copyFile, readFile, readdir, readlink, rename, stat, symlink } from "node:fs/promises"
import { basename, dirname, join, relative, sep } from "node:path"
import { randomUUID } from "node:crypto"
import type { HubFile } from "./hub-file.ts"
import { writeAtomic } from "../../file/atomic-write.ts"
import { makeDirectory } from "../../file/make-directory.ts"

type Repo = Pick<HubFile, "type" | "repo">

export const repoFolder = (cache: string, { type, repo }: Repo): string =>
  join(cache, [`${type}s`, ...repo.split("/")].join("--"))

/** Where a file of a commit lies, or will. */
export const snapshotPath = (cache: string, file: Pick<HubFile, "type" | "repo" | "commit" | "path">): string =>
  join(repoFolder(cache, file), "snapshots", file.commit, ...file.path.split("/"))

export const blobPath = (cache: string, file: Pick<HubFile, "type" | "repo" | "oid">): string =>
  join(repoFolder(cache, file), "blobs", file.oid)

const refPath = (cache: string, repo: Repo, revision: string): string =>
  join(repoFolder(cache, repo), "refs", ...revision.split("/"))

export const readRef = async (cache: string, repo: Repo, revision: string): Promise<string | undefined> => {
  const text = await readFile(refPath(cache, repo, revision), "utf8").catch(() => "")
  const commit = text.trim()
  return /^[0-9a-f]{40}$/.test(commit) ? commit : undefined
}

/** A commit's own name needs no ref. Written when a file of the commit is there: a ref to nothing is damage. */
export const writeRef = async (cache: string, file: HubFile): Promise<void> => {
  if (file.revision === file.commit) return
  if ((await readRef(cache, file, file.revision)) === file.commit) return
  await writeAtomic(refPath(cache, file, file.revision), file.commit)
}

/** Puts a blob that is there under its name into its snapshot. Where links are not allowed the file is a copy. */
export const linkSnapshot = async (cache: string, file: HubFile): Promise<string> => {
  const path = snapshotPath(cache, file)
  const blob = blobPath(cache, file)
  await makeDirectory(dirname(path))
  if (!existsSync(path)) {
    const temporary = `${path}.${randomUUID()}`
    await symlink(relative(dirname(path), blob), temporary).catch(() => copyFile(blob, temporary))
    await rename(temporary, path)
  }
  await writeRef(cache, file)
  return path
}

export interface CachedFile {
  readonly path: string
  readonly size: number
  /** The blob's name, where the snapshot links to one. */
  readonly oid: string | undefined
}

/** The files that a snapshot holds; none where there is no snapshot. */
export const snapshotFiles = async (cache: string, repo: Repo, commit: string): Promise<ReadonlyArray<CachedFile>> => {
  const root = join(repoFolder(cache, repo), "snapshots", commit)
  const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => [])
  const files: Array<CachedFile> = []
  for (const entry of entries) {
    if (!entry.isFile() && !entry.isSymbolicLink()) continue
    const path = join(entry.parentPath, entry.name)
    const stats = await stat(path).catch(() => undefined)
    // A link to a blob that is gone is no file.
    if (stats === undefined || !stats.isFile()) continue
    const target = entry.isSymbolicLink() ? basename(await readlink(path)) : ""
    const oid = /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(target) ? target : undefined
    files.push({ path: relative(root, path).split(sep).join("/"), size: stats.size, oid })
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}
