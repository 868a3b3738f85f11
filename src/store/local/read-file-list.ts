/** The list of an artifact's files, where it is here as it should be. */
import { ArtifactError } from "../../artifact/artifact-error.ts"
import { makeArtifactReader } from "./artifact-reader.ts"
import type { Tree } from "./tree.ts"

export const readFileList = (root: string, digest: string): Promise<Tree | undefined> =>
  makeArtifactReader(root, digest, () => {})
    .tree()
    .catch((cause: unknown) => {
      if (cause instanceof ArtifactError) return undefined
      throw cause
    })
