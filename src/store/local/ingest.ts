/** Turns a finished output directory into an artifact: its files become blobs, their list the artifact's digest. */
import { chmodSync, lstatSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from "node:fs"
import { copyFile, realpath, rename } from "node:fs/promises"
import { dirname, join, relative, sep } from "node:path"
import type { ArtifactFile } from "../../artifact/artifact.ts"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { canonicalJson } from "../../json/canonical-json.ts"
import { inFolder, writeAtomicSoon } from "../../file/atomic-write.ts"
import { CHUNK_BYTES, hashFile, sha256Of, type FileDigest } from "../../file/hash-file.ts"
import { objectPath } from "./layout.ts"
import type { Store } from "../store.ts"
import { encodeTree } from "./tree.ts"

const invalid = (path: string, detail: string): ArtifactError =>
  new ArtifactError({ reason: "invalid", digest: "", path, detail })

/** Relative paths of all files below; links and special files are told apart by the caller. */
const filesBelow = (directory: string): ReadonlyArray<string> =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .toSorted()

/** A small file takes less time than handing it to another thread. */
const digestOf = (path: string, size: number): FileDigest | Promise<FileDigest> =>
  size > CHUNK_BYTES / 16 ? hashFile(path) : digestOfBytes(readFileSync(path))

const digestOfBytes = (bytes: Uint8Array): FileDigest => ({ size: bytes.byteLength, sha256: sha256Of(bytes) })

/**
 * Makes `path` a regular file of its own and hashes it: what a link points to is copied, since it may change - but for
 * another name of the very blob, which never does.
 */
const ownFile = async (root: string, directory: string, path: string): Promise<FileDigest> => {
  const full = join(directory, path)
  const info = lstatSync(full)
  if (info.isFile()) {
    const digest = await digestOf(full, info.size)
    if (info.nlink === 1) return digest
    const blob = statSync(objectPath(root, digest.sha256), { throwIfNoEntry: false })
    if (blob?.ino === info.ino && blob.dev === info.dev) return digest
  }
  if (!info.isFile() && !info.isSymbolicLink()) throw invalid(path, "it is neither a file nor a folder")
  const source = await realpath(full).catch(() => {
    throw invalid(path, "it is a link to nothing")
  })
  if (!statSync(source).isFile()) throw invalid(path, "it is a link to a folder; copy the folder instead")
  const copy = `${full}.own-copy`
  await copyFile(source, copy)
  await rename(copy, full)
  return hashFile(full)
}

/** Whether the blob is there, byte by byte. From now on it is young, so that a gc spares it, as it does one just made. */
const isStored = (path: string, bytes: Buffer): boolean => {
  try {
    if (!readFileSync(path).equals(bytes)) return false
    utimesSync(path, new Date(), new Date())
    return true
  } catch {
    return false
  }
}

/** A small file that most artifacts share: to look at what is there takes less than to put another in its place. */
const put = async (root: string, path: string, text: string): Promise<ArtifactFile> => {
  const bytes = Buffer.from(text)
  const digest = digestOfBytes(bytes)
  const target = objectPath(root, digest.sha256)
  if (!isStored(target, bytes)) await writeAtomicSoon(target, text, 0o444)
  return { path, ...digest }
}

/** A blob that is there already is replaced by the one just hashed: that heals damage that nobody has seen yet. */
const moveToObjects = async (root: string, file: string, sha256: string): Promise<void> => {
  const target = objectPath(root, sha256)
  await inFolder(dirname(target), () => renameSync(file, target))
}

/** Nothing of it is synced: the commit of a record that leads to it does that. */
export const ingest = async (
  root: string,
  { directory, kind, metrics, unmeasured = {} }: Parameters<Store["Service"]["ingest"]>[0]
): Promise<string> => {
  const about = {
    kind: kind.name,
    version: kind.version,
    ...(Object.keys(unmeasured).length === 0 ? {} : { unmeasured })
  }
  const ours = new Map([
    ["artifact.json", `${canonicalJson(about)}\n`],
    ["metrics.json", `${canonicalJson(metrics)}\n`]
  ])
  const files: Array<ArtifactFile> = []
  for (const path of filesBelow(directory)) {
    // What a stage put there by this name has been read, if it was meant to be.
    if (ours.has(path)) continue
    if (ours.has(path.split("/", 1)[0] as string)) throw invalid(path, "a folder cannot have the name of that file")
    if (path.includes("\uFFFD") || path.includes("\\")) throw invalid(path, "its name is not portable; rename it")
    files.push({ path, ...(await ownFile(root, directory, path)) })
  }
  for (const { path, sha256 } of files) {
    chmodSync(join(directory, path), 0o444)
    await moveToObjects(root, join(directory, path), sha256)
  }
  for (const [path, text] of ours) files.push(await put(root, path, text))
  const tree = encodeTree(files)
  const digest = sha256Of(tree)
  await writeAtomicSoon(objectPath(root, digest), tree, 0o444)
  rmSync(directory, { recursive: true, force: true })
  return digest
}
