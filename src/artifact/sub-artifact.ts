/** A folder of an artifact, seen as an artifact. */
import * as Effect from "effect/Effect"
import type { Artifact } from "./artifact.ts"
import { ArtifactError } from "./artifact-error.ts"

/**
 * @param prefix the folder, with a slash at its end
 * @param kind what its files are
 * @param digest of the artifact that they were taken from
 */
export const subArtifact = (whole: Artifact, prefix: string, kind: string, digest: string): Artifact => ({
  digest,
  kind,
  metrics: {},
  unmeasured: {},
  files: whole.files
    .filter(({ path }) => path.startsWith(prefix))
    .map((file) => ({ ...file, path: file.path.slice(prefix.length) })),
  has: (path) => whole.has(`${prefix}${path}`),
  read: (path) => whole.read(`${prefix}${path}`),
  readText: (path) => whole.readText(`${prefix}${path}`),
  open: (path) => whole.open(`${prefix}${path}`),
  copyTo: () =>
    Effect.fail(
      new ArtifactError({ reason: "invalid", digest, path: prefix, detail: "a folder of an artifact is not copied" })
    )
})
