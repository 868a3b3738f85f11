/** Any tree of files: what a `command` stage makes unless it says more. Opening it asks for nothing. */
import * as Effect from "effect/Effect"
import type { Artifact } from "../artifact/artifact.ts"
import { makeKind } from "../artifact/artifact-kind.ts"

export const Files = makeKind({
  name: "Files",
  version: 1,
  description: "any files",
  open: (artifact: Artifact) => Effect.succeed(artifact)
})
