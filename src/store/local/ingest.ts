/** Turns a finished output directory into an artifact: its files become blobs, their list the artifact's digest. */
import { createHash } from "node:crypto"
import { chmod, copyFile, lstat, open, readdir, realpath, rename, rm, stat, writeFile } from "node:fs/promises"
import { dirname, join, relative, sep } from "node:path"
import type { ArtifactFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { canonicalJson } from "../../json/canonical-json.ts"
import { syncDirectory, writeAtomic } from "../../file/atomic-write.ts"
import { hashFile, type FileDigest } from "../../file/hash-file.ts"
import { objectPath } from "./layout.ts"
import type { Store } from "../store.ts"
import { encodeTree } from "./tree.ts"
import { makeDirectory } from "../../file/make-directory.ts"

const invalid = (path: string, detail: string): ArtifactError =>
  new ArtifactError({ reason: "invalid", digest: "", path, detail })

/** Relative paths of all files below; links and special files are told apart by the caller. */
const filesBelow = async (directory: string): Promise<ReadonlyArray<string>> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted()
}

/**
 * Makes `path` a regular file of its own and hashes it: what a link points to is copied, since it may change - but for
 * another name of the very blob, which never does.
 */
const ownFile = async (root: string, directory: string, path: string): Promise<FileDigest> => {
  const full = join(directory, path)
  const info = await lstat(full)
  if (info.isFile()) {
    const digest = await hashFile(full)
    if (info.nlink === 1) return digest
    const blob = await stat(objectPath(root, digest.sha256)).catch(() => undefined)
    if (blob?.ino === info.ino && blob.dev === info.dev) return digest
  }
  if (!info.isFile() && !info.isSymbolicLink()) throw invalid(path, "it is neither a file nor a folder")
  const source = await realpath(full).catch(() => {
    throw invalid(path, "it is a link to nothing")
  })
  if (!(await stat(source)).isFile()) throw invalid(path, "it is a link to a folder; copy the folder instead")
  const copy = `${full}.own-copy`
  await copyFile(source, copy)
  await rename(copy, full)
  return hashFile(full)
}

const makeDurable = async (path: string): Promise<void> => {
  const handle = await open(path, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** A blob that is there already is replaced by the one just hashed: that heals damage that nobody has seen yet. */
const moveToObjects = async (root: string, file: string, sha256: string): Promise<string> => {
  const target = objectPath(root, sha256)
  await makeDirectory(dirname(target))
  await rename(file, target)
  return dirname(target)
}

/** Waits of the disk that happen side by side are one wait: its journal takes them together. */
const sideBySide = async <A>(items: Iterable<A>, run: (item: A) => Promise<void>): Promise<void> => {
  const all = [...items]
  const WIDTH = 32
  for (let at = 0; at < all.length; at += WIDTH) await Promise.all(all.slice(at, at + WIDTH).map(run))
}

export const ingest = async (
  root: string,
  { directory, kind, metrics, unmeasured = {} }: Parameters<Store["Service"]["ingest"]>[0]
): Promise<string> => {
  const about = {
    kind: kind.name,
    version: kind.version,
    ...(Object.keys(unmeasured).length === 0 ? {} : { unmeasured })
  }
  await writeFile(join(directory, "artifact.json"), `${canonicalJson(about)}\n`)
  await writeFile(join(directory, "metrics.json"), `${canonicalJson(metrics)}\n`)
  const paths = await filesBelow(directory)
  const files: Array<ArtifactFile> = []
  for (const path of paths) {
    if (path.includes("\uFFFD") || path.includes("\\")) throw invalid(path, "its name is not portable; rename it")
    files.push({ path, ...(await ownFile(root, directory, path)) })
  }
  await sideBySide(files, async ({ path }) => {
    await chmod(join(directory, path), 0o444)
    await makeDurable(join(directory, path))
  })
  const folders = new Set([join(root, "objects")])
  for (const { path, sha256 } of files) {
    folders.add(await moveToObjects(root, join(directory, path), sha256))
  }
  const tree = encodeTree(files)
  const digest = createHash("sha256").update(tree).digest("hex")
  await writeAtomic(objectPath(root, digest), tree, 0o444)
  await sideBySide(folders, syncDirectory)
  await rm(directory, { recursive: true, force: true })
  return digest
}
