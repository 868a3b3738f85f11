/** The artifact kind Tokenizer: a Hugging Face `tokenizer.json`. */
import * as Effect from "effect/Effect"
import type { Artifact } from "../artifact/artifact.ts"
import { ArtifactError } from "../artifact/artifact-error.ts"
import { makeKind } from "../artifact/artifact-kind.ts"

export interface TokenizerHandle {
  /** Text of tokenizer.json. */
  readonly json: Effect.Effect<string, ArtifactError>
  /** Its sha256. */
  readonly digest: string
}

const file = "tokenizer.json"

export const Tokenizer = makeKind({
  name: "Tokenizer",
  version: 1,
  description: "a tokenizer in the Hugging Face format",
  open: (artifact: Artifact): Effect.Effect<TokenizerHandle, ArtifactError> => {
    const found = artifact.files.find(({ path }) => path === file)
    if (found !== undefined) return Effect.succeed({ json: artifact.readText(file), digest: found.sha256 })
    const { digest } = artifact
    return Effect.fail(new ArtifactError({ reason: "invalid", digest, path: file, detail: "there is no such file" }))
  }
})
