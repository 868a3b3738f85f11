/** What of an artifact is gone, as far as names and sizes tell: asked before a stage reads it, at one stat a file. */
import { stat } from "node:fs/promises"
import { ArtifactError } from "../../artifact/artifact-error.ts"
import type { ArtifactFile } from "../../artifact/artifact.ts"
import { FILE_LIST, makeArtifactReader } from "./artifact-reader.ts"
import { objectPath } from "./layout.ts"
import { quarantineBlob } from "./quarantine.ts"
import type { Loss } from "../store.ts"

const lossOf = async (
  root: string,
  digest: string,
  { path, sha256: blob, size }: ArtifactFile
): Promise<Loss | undefined> => {
  const info = await stat(objectPath(root, blob)).catch(() => undefined)
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
  const losses = await Promise.all(tree.files.map((file) => lossOf(root, digest, file)))
  return losses.filter((loss) => loss !== undefined)
}
