/** What of an artifact is gone, as far as names and sizes tell: asked before a stage reads it, at one stat a file. */
import { statSync, type Stats } from "node:fs"
import { stat } from "node:fs/promises"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { ArtifactFile } from "../../artifact/artifact.ts"
import { FILE_LIST, makeArtifactReader } from "./artifact-reader.ts"
import { objectPath } from "./layout.ts"
import { quarantineBlob } from "./quarantine.ts"
import type { Loss } from "../store.ts"

/** Up to this many are asked about at once: the answer takes a tenth of the time that handing the question to another thread takes. */
const FEW_FILES = 16

type Info = Pick<Stats, "size"> | undefined

const infoNow = (path: string): Info => {
  try {
    return statSync(path, { throwIfNoEntry: false })
  } catch {
    return undefined
  }
}

const infoLater = (path: string): Promise<Info> => stat(path).catch(() => undefined)

const lossOf = async (
  root: string,
  digest: string,
  { path, sha256: blob, size }: ArtifactFile,
  infoOf: (path: string) => Info | Promise<Info>
): Promise<Loss | undefined> => {
  const info = await infoOf(objectPath(root, blob))
  if (info === undefined) return { reason: "missing", digest, path, blob }
  if (info.size === size) return undefined
  await quarantineBlob(root, blob)
  return { reason: "damaged", digest, path, blob }
}

export const findLosses = async (root: string, digest: string): Promise<ReadonlyArray<Loss>> => {
  const reader = makeArtifactReader(root, digest, () => {})
  const tree = await reader.tree().catch((cause: unknown) => {
    if (cause instanceof ArtifactError) return cause
    throw cause
  })
  if (tree instanceof ArtifactError) {
    const reason = tree.reason === "damaged" ? "damaged" : "missing"
    return [{ reason, digest, path: FILE_LIST, blob: digest }]
  }
  const infoOf = tree.files.length > FEW_FILES ? infoLater : infoNow
  const losses = await Promise.all(tree.files.map((file) => lossOf(root, digest, file, infoOf)))
  return losses.filter((loss) => loss !== undefined)
}
